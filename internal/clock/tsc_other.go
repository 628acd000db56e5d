//go:build !amd64

package clock

func cycles() uint64 { return uint64(System.Now()) }
