package flow

// Value is the value of a field or its mask, right-aligned in 128 bits.
type Value struct{ Hi, Lo uint64 }

// Ones is a value whose lowest n bits are 1.
func Ones(n int) Value {
	if n <= 64 {
		return Value{0, ones64(n)}
	}
	return Value{ones64(n - 64), ^uint64(0)}
}

func ones64(n int) uint64 { return 1<<n - 1 } // for 64, 1<<64 is 0 in Go

// IsZero reports whether no bit is set.
func (v Value) IsZero() bool { return v.Hi|v.Lo == 0 }

// And has the bits that both have.
func (v Value) And(m Value) Value { return Value{v.Hi & m.Hi, v.Lo & m.Lo} }

// Or has the bits that either has.
func (v Value) Or(m Value) Value { return Value{v.Hi | m.Hi, v.Lo | m.Lo} }

// AndNot has the bits of v that m does not have.
func (v Value) AndNot(m Value) Value { return Value{v.Hi &^ m.Hi, v.Lo &^ m.Lo} }

// Shl shifts n bits up, 0 to 128.
func (v Value) Shl(n int) Value {
	if n >= 64 {
		return Value{v.Lo << (n - 64), 0}
	}
	return Value{v.Hi<<n | v.Lo>>(64-n), v.Lo << n}
}

// Shr shifts n bits down, 0 to 128.
func (v Value) Shr(n int) Value {
	if n >= 64 {
		return Value{0, v.Hi >> (n - 64)}
	}
	return Value{v.Hi >> n, v.Lo>>n | v.Hi<<(64-n)}
}
