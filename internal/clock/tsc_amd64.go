package clock

//go:noescape
func cycles() uint64
