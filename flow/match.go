package flow

// Match says which packets: those whose key agrees with Key wherever Mask
// has a bit set. Key has no bit outside Mask. The zero Match is every packet.
type Match struct {
	Key  Key
	Mask Mask
}

// SetExact makes the match demand that the field is v.
func (m *Match) SetExact(id FieldID, v Value) {
	f := id.Field()
	m.SetMasked(id, v, f.Ones())
}

// SetMasked makes the match demand that the field is v where mask has a bit
// set, and anything elsewhere; with it come the bits that such a match implies (a tag, for vlan_pcp).
func (m *Match) SetMasked(id FieldID, v, mask Value) {
	f := id.Field()
	mask = mask.And(f.Ones())
	f.store(&m.Key, v.And(mask), f.Ones())
	f.SetMask(&m.Mask, mask)
	if f.AlsoMask != 0 && !mask.IsZero() {
		m.Key[f.Word] = m.Key[f.Word]&^f.AlsoMask | f.AlsoValue
		m.Mask[f.Word] |= f.AlsoMask
	}
}

// Matches reports whether a packet with key k matches.
func (m *Match) Matches(k *Key) bool { return k.Matches(&m.Key, &m.Mask) }

// Normalize drops the bits of Key outside Mask.
func (m *Match) Normalize() { m.Key.And(&m.Mask, &m.Key) }
