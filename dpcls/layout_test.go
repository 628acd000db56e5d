package dpcls

import (
	"reflect"
	"testing"
)

// What a lookup touches is counted in cache lines of 64 bytes; slabs begin at a page.
func TestCacheLines(t *testing.T) {
	flow := reflect.TypeFor[Flow]()
	for name, want := range map[string]uintptr{"Stats": 0, "short": 64, "hash": 128} {
		if f, _ := flow.FieldByName(name); f.Offset != want {
			t.Errorf("%s of a flow lies at %d, not %d", name, f.Offset, want)
		}
	}
	for typ, want := range map[reflect.Type]uintptr{flow: 192, reflect.TypeFor[Bucket](): 64, reflect.TypeFor[chunk](): 64, reflect.TypeFor[Short](): 64} {
		if typ.Size() != want {
			t.Errorf("%v takes %d bytes, not %d", typ, typ.Size(), want)
		}
	}
}
