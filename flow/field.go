package flow

// FieldID names a field of the table. It fits the field byte of a datapath
// action, and its order is that of the table, not a wire format.
type FieldID uint8

// Field is one row of the one table of fields. The parser, the printer, the
// OpenFlow codec, set-field and the fuzzers are all derived from it; a field is
// nowhere else described. The rows are what ovs-fields(7) says, at the
// positions that key.go lays down.
//
// Two widths: Bits is what OpenFlow and a subfield such as NXM_OF_ARP_OP[] see,
// Stored is how many bits the key holds. They differ where the key knows
// that the rest is always zero (arp_op, ct_state) or has more to keep than
// OpenFlow 1.0 shows (in_port, vlan_vid with its bit for "there is a tag").
type Field struct {
	ID       FieldID
	Name     string
	Aliases  []string
	Bits     int // as OpenFlow sees it
	Stored   int // in the key
	Word     int // of the key; a field of 128 bits lies in Word (upper half) and Word+1
	Shift    int // of its least significant bit in Word; 0 for 128 bits
	Void     int // lowest bits of a value that are always zero: those of nw_tos are nw_ecn's
	Maskable Maskable
	Writable bool // an OpenFlow action may write it
	Prereq   Prereq
	Format   Format
	Digits   int   // how many a number in hex has at least; 0: as many as needed, and zero is "0"
	OXM      []OXM // its names on the wire; those without any are ours or internal
	Hidden   bool  // not part of ovs-fields(7): covers a bit of the key, has no OpenFlow name

	// AlsoMask are bits of Word that a match on this field fixes with it, to
	// AlsoValue: a match on vlan_pcp also says that there is a tag.
	AlsoValue, AlsoMask uint64

	ones Value // Ones(), computed once
}

// Maskable says which masks a match on a field may have.
type Maskable uint8

// The kinds of masks.
const (
	MaskNone    Maskable = iota // the whole field or nothing
	MaskBitwise                 // any bits
)

// Format is how a field is written in text, as "Formatting" in ovs-fields(7).
type Format uint8

// The formats.
const (
	Decimal Format = iota
	Hex
	MACAddress
	IPv4Address
	IPv6Address
	PortNumber // a number, a reserved name (LOCAL), or a name that PortNames knows
	FragKind   // no, yes, first, later, not_later
	TunFlagSet // +oam
	TCPFlagSet // +syn-ack
	CtStateSet // +trk-new
	PacketTypePair
)

// OXM is one name of a field on the wire.
type OXM struct {
	Name         string // such as NXM_OF_ETH_DST
	Class        uint16
	Field        uint8
	Experimenter uint32 // for class 0xffff
	Since        uint8  // the OpenFlow wire version from which it is used: 0x01 for NXM, 0x03 for OpenFlow 1.2, 0x06 for 1.5
}

// Field is the row of the table; id must be one of the constants.
func (id FieldID) Field() *Field { return &fields[id] }

// String is the field's name.
func (id FieldID) String() string {
	if id == FieldNone || id >= NumFields {
		return "no field"
	}
	return fields[id].Name
}

// Get reads the field out of a key.
func (f *Field) Get(k *Key) Value {
	if f.Stored == 128 {
		return Value{k[f.Word], k[f.Word+1]}
	}
	return Value{0, k[f.Word] >> f.Shift & f.ones.Lo}
}

// Set writes the field into a key. Bits of v that the field does not have are ignored.
func (f *Field) Set(k *Key, v Value) { f.SetMasked(k, v, f.ones) }

// GetMask reads which bits of the field a mask has.
func (f *Field) GetMask(m *Mask) Value { return f.Get((*Key)(m)) }

// SetMask sets which bits of the field a mask has.
func (f *Field) SetMask(m *Mask, v Value) {
	f.store((*Key)(m), v, f.ones)
}

// SetMasked writes those bits of v that mask has and leaves the others.
func (f *Field) SetMasked(k *Key, v, mask Value) {
	f.store(k, v, mask)
	if f.ID == FieldInPort {
		widenPort(k)
	}
}

func (f *Field) store(k *Key, v, mask Value) {
	if f.Stored == 128 {
		k[f.Word] = k[f.Word]&^mask.Hi | v.Hi&mask.Hi
		k[f.Word+1] = k[f.Word+1]&^mask.Lo | v.Lo&mask.Lo
		return
	}
	m := (mask.Lo & f.ones.Lo) << f.Shift
	k[f.Word] = k[f.Word]&^m | v.Lo<<f.Shift&m
}

// widenPort keeps in_port a 32-bit port number after its lower 16 bits, all
// that OpenFlow 1.0 sees, were written: the reserved ports 0xff00 and up
// are 0xffffff00 and up in the key.
func widenPort(k *Key) {
	port := uint32(k[WordPort] >> 32)
	k[WordPort] = uint64(WidenPort(uint16(port)))<<32 | k[WordPort]&0xffffffff
}

// WidenPort turns an OpenFlow 1.0 port number into that of OpenFlow 1.1 and later, which keys hold.
func WidenPort(p uint16) uint32 {
	if p >= 0xff00 {
		return 0xffff0000 | uint32(p)
	}
	return uint32(p)
}

// Ones is the mask of an exact match: every bit that the key stores.
func (f *Field) Ones() Value { return f.ones }

// WireBytes is the length of the field's value in an OXM: 1, 2, 4, 6, 8 or 16 bytes.
func (f *Field) WireBytes() int {
	n := (f.Bits + 7) / 8
	if n == 3 {
		return 4
	}
	return n
}
