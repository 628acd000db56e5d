package flow

import (
	"math/rand/v2"
	"testing"
)

// unusedBits are the bits of a key that no field has.
var unusedBits = map[int]uint64{
	WordCt:        0xff00 << 16,
	WordCtProto:   0x00ffffff << 32,
	WordTunMeta:   0xfff0<<48 | 0xf0,
	WordTunErspan: 0xfff<<52 | 0xfe<<24 | 0xc0<<16,
	WordEthSrc:    0xf000,
	WordMPLS2:     0xfff << 20,
	WordIPProto:   0xfc << 32,
	WordARPSHA:    0xff,
	WordARPTHA:    0xffff,
}

func TestTableCoversTheKey(t *testing.T) {
	var covered Mask
	for id := FieldNone + 1; id < NumFields; id++ {
		f := id.Field()
		if f.ID != id || f.Name == "" {
			t.Fatalf("field %d has the row %+v", id, *f)
		}
		if f.Shift+min(f.Stored, 64) > 64 || f.Stored > 64 && f.Stored != 128 {
			t.Errorf("%s: %d bits at %d do not fit a word", f.Name, f.Stored, f.Shift)
		}
		one := Mask{}
		f.SetMask(&one, f.Ones())
		covered.Or(&one)
	}
	for i, w := range covered {
		if w != ^unusedBits[i] {
			t.Errorf("word %d: the table covers %#x, key.go says %#x", i, w, ^unusedBits[i])
		}
	}
}

func TestFieldsReadBackWhatWasWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for id := FieldNone + 1; id < NumFields; id++ {
		f := id.Field()
		for range 20 {
			var k, before Key
			for i := range k {
				k[i] = r.Uint64()
			}
			before = k
			v, mask := Value{r.Uint64(), r.Uint64()}.And(f.Ones()), Value{r.Uint64(), r.Uint64()}.And(f.Ones())
			if id == FieldInPort {
				v.Lo &= 0x7fff
			}
			f.Set(&k, v)
			if got := f.Get(&k); got != v {
				t.Fatalf("%s: set %x, got %x", f.Name, v, got)
			}
			if id != FieldInPort {
				old := f.Get(&before)
				k = before
				f.SetMasked(&k, v, mask)
				if got, want := f.Get(&k), v.And(mask).Or(old.AndNot(mask)); got != want {
					t.Fatalf("%s: set %x/%x over %x, got %x", f.Name, v, mask, old, got)
				}
			}
			f.Set(&before, Value{})
			f.Set(&k, Value{})
			if k != before {
				t.Fatalf("%s: writing it changed other bits", f.Name)
			}
		}
	}
}

func TestNamesOfFields(t *testing.T) {
	for name, id := range map[string]FieldID{
		"NXM_OF_ETH_DST": FieldEthDst, "OXM_OF_METADATA": FieldMetadata, "nxm_nx_reg7": FieldReg0 + 7, "OXM_OF_PKT_REG3": FieldXReg0 + 3,
		"dl_type": FieldEthType, "tunnel_id": FieldTunID, "tp_dst": FieldTCPDst, "nsp": FieldNSHSPI, "tun_metadata63": FieldTunMetadata0 + 63,
	} {
		if f, ok := FieldByName(name); !ok || f.ID != id {
			t.Errorf("%s is %v", name, f)
		}
	}
	for _, name := range []string{"", "vlan_tpid", "no_such_field"} {
		if f, ok := FieldByName(name); ok {
			t.Errorf("%q is the field %s", name, f.Name)
		}
	}
	for f := range Fields {
		for _, o := range f.OXM {
			if got, ok := FieldByOXM(o.Class, o.Field, o.Experimenter); !ok || got != f {
				t.Errorf("%s leads to %v", o.Name, got)
			}
		}
	}
}

func TestPort16WidensReserved(t *testing.T) {
	var k Key
	FieldInPort.Field().SetMasked(&k, Value{0, 0xfffe}, Ones(16))
	if k[WordPort]>>32 != 0xfffffffe {
		t.Errorf("LOCAL is %#x", k[WordPort]>>32)
	}
	FieldInPort.Field().SetMasked(&k, Value{0, 3}, Ones(16))
	if k[WordPort]>>32 != 3 {
		t.Errorf("3 is %#x", k[WordPort]>>32)
	}
}

func TestWireLengths(t *testing.T) {
	for name, n := range map[string]int{"eth_src": 6, "mpls_label": 4, "nsh_spi": 4, "vlan_vid": 2, "arp_op": 2, "ct_label": 16, "ct_state": 4, "mpls_bos": 1, "tun_erspan_idx": 4, "tun_flags": 2} {
		if f, _ := FieldByName(name); f.WireBytes() != n {
			t.Errorf("%s has %d bytes on the wire, not %d", name, f.WireBytes(), n)
		}
	}
}
