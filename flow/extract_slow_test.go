package flow

// The slow twin of Extract: a packet is read from the front, number by number, and every number goes through the table of fields.

// reader hands out the bytes of a packet from the front, as a reader of the RFCs would, and says when there are none.
type reader struct{ rest []byte }

func (r *reader) has(n int) bool { return len(r.rest) >= n }

func (r *reader) take(n int) uint64 {
	var v uint64
	for _, b := range r.rest[:n] {
		v = v<<8 | uint64(b)
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) skip(n int) { r.rest = r.rest[n:] }

// peek is the n-byte number at offset at.
func (r reader) peek(at, n int) uint64 { r.skip(at); return r.take(n) }

func put(k *Key, id FieldID, v uint64) { id.Field().Set(k, Value{0, v}) }

func put128(k *Key, id FieldID, r *reader) {
	id.Field().Set(k, Value{r.peek(0, 8), r.peek(8, 8)})
	r.skip(16)
}

// slowExtract is Extract, field by field through the table. total is the length of the packet, of which b is what lies in the first fragment.
func slowExtract(b []byte, total int, k *Key) {
	if len(b) < 14 {
		return
	}
	r := &reader{b}
	put(k, FieldEthDst, r.take(6))
	put(k, FieldEthSrc, r.take(6))
	typ := r.take(2)
	for i := 0; (typ == 0x8100 || typ == 0x88a8) && i < 2 && r.has(4); i++ {
		tpid, tci := FieldVLANTPID, FieldVLANTCI
		if i == 1 {
			tpid, tci = FieldVLAN2TPID, FieldVLAN2TCI
		}
		put(k, tpid, typ)
		put(k, tci, r.take(2)|0x1000)
		typ = r.take(2)
	}
	if typ < 0x600 {
		typ = 0x5ff
		if r.has(8) && r.peek(0, 6) == 0xaaaa03000000 {
			r.skip(6)
			if t := r.take(2); t >= 0x600 {
				typ = t
			}
		}
	}
	put(k, FieldEthType, typ)
	total -= len(b) - len(r.rest)
	switch typ {
	case 0x8847, 0x8848:
		slowMPLS(r, k)
	case 0x0806, 0x8035:
		slowARP(r, k)
	case 0x894f:
		slowNSH(r, k)
	case 0x0800:
		slowIPv4(r, total, k)
	case 0x86dd:
		slowIPv6(r, total, k)
	}
}

func slowMPLS(r *reader, k *Key) {
	for i := 0; r.has(4); i++ {
		label, tc, bos, ttl := r.peek(0, 3)>>4, r.peek(2, 1)>>1&7, r.peek(2, 1)&1, r.peek(3, 1)
		entry := r.take(4)
		switch i {
		case 0:
			put(k, FieldMPLSLabel, label)
			put(k, FieldMPLSTC, tc)
			put(k, FieldMPLSBOS, bos)
			put(k, FieldMPLSTTL, ttl)
		case 1:
			put(k, FieldMPLS2, entry)
		case 2:
			put(k, FieldMPLS3, entry)
		}
		if bos == 1 {
			return
		}
	}
}

func slowARP(r *reader, k *Key) {
	if !r.has(28) || r.take(2) != 1 || r.take(2) != 0x800 || r.take(1) != 6 || r.take(1) != 4 {
		return
	}
	if op := r.take(2); op <= 255 {
		put(k, FieldARPOp, op)
	}
	put(k, FieldARPSHA, r.take(6))
	put(k, FieldARPSPA, r.take(4))
	put(k, FieldARPTHA, r.take(6))
	put(k, FieldARPTPA, r.take(4))
}

func slowNSH(r *reader, k *Key) {
	if !r.has(8) {
		return
	}
	first, mdtype := r.peek(0, 2), r.peek(2, 1)
	version, flags, ttl, length := first>>14, first>>12&3, first>>6&63, int(first&63)*4
	if version != 0 || !r.has(length) || mdtype == 1 && length != 24 || mdtype == 2 && length < 8 {
		return
	}
	put(k, FieldNSHFlags, flags)
	put(k, FieldNSHTTL, ttl)
	put(k, FieldNSHMDType, mdtype)
	put(k, FieldNSHNP, r.peek(3, 1))
	put(k, FieldNSHSPI, r.peek(4, 3))
	put(k, FieldNSHSI, r.peek(7, 1))
	if mdtype == 1 {
		for i := range 4 {
			put(k, FieldNSHC1+FieldID(i), r.peek(8+4*i, 4))
		}
	}
}

func slowIPv4(r *reader, total int, k *Key) {
	if !r.has(20) {
		return
	}
	header, length := int(r.peek(0, 1)&15)*4, int(r.peek(2, 2))
	if header < 20 || !r.has(header) || length < header || length > total {
		return
	}
	put(k, FieldIPTOS, r.peek(1, 1))
	put(k, FieldNWTTL, r.peek(8, 1))
	put(k, FieldIPProto, r.peek(9, 1))
	put(k, FieldNWSrc, r.peek(12, 4))
	put(k, FieldNWDst, r.peek(16, 4))
	proto, more, offset := r.peek(9, 1), r.peek(6, 1)>>5&1, r.peek(6, 2)&0x1fff
	switch {
	case offset != 0:
		put(k, FieldIPFrag, 3)
		return
	case more != 0:
		put(k, FieldIPFrag, 1)
	}
	slowTransport(&reader{r.rest[header:min(length, len(r.rest))]}, proto, k)
}

func slowIPv6(r *reader, total int, k *Key) {
	if !r.has(40) || 40+int(r.peek(4, 2)) > total {
		return
	}
	r.rest = r.rest[:min(len(r.rest), 40+int(r.peek(4, 2)))]
	tos, label, ttl, proto := r.peek(0, 2)>>4&255, r.peek(0, 4)&0xfffff, r.peek(7, 1), r.peek(6, 1)
	r.skip(8)
	put128(k, FieldIPv6Src, r)
	put128(k, FieldIPv6Dst, r)
	frag := uint64(0)
	for proto == 0 || proto == 43 || proto == 44 || proto == 51 || proto == 60 {
		if !r.has(8) {
			return
		}
		length := int(r.peek(1, 1)+1) * 8
		if proto == 51 {
			length = int(r.peek(1, 1)+2) * 4
		}
		if proto == 44 {
			length = 8
			if r.peek(2, 2) != 0 {
				frag = 1
			}
			if r.peek(2, 2)>>3 != 0 {
				frag = 3
				break
			}
		}
		if !r.has(length) {
			return
		}
		proto = r.peek(0, 1)
		r.skip(length)
	}
	put(k, FieldIPv6Label, label)
	put(k, FieldIPTOS, tos)
	put(k, FieldNWTTL, ttl)
	put(k, FieldIPProto, proto)
	put(k, FieldIPFrag, frag)
	if frag != 3 {
		slowTransport(r, proto, k)
	}
}

func slowTransport(r *reader, proto uint64, k *Key) {
	switch {
	case proto == 6 && r.has(20) && r.peek(12, 1)>>4 >= 5 && r.has(int(r.peek(12, 1)>>4)*4):
		put(k, FieldTCPFlags, r.peek(12, 2)&0xfff)
		put(k, FieldTCPSrc, r.take(2))
		put(k, FieldTCPDst, r.take(2))
	case proto == 17 && r.has(8), proto == 132 && r.has(12):
		put(k, FieldUDPSrc, r.take(2))
		put(k, FieldUDPDst, r.take(2))
	case (proto == 1 || proto == 2 || proto == 58) && r.has(8):
		kind, code := r.take(1), r.take(1)
		put(k, FieldICMPType, kind)
		put(k, FieldICMPCode, code)
		r.skip(2)
		if proto == 2 {
			put(k, FieldIGMPGroup, r.take(4))
		}
		if proto == 58 && code == 0 && (kind == 135 || kind == 136) {
			put(k, FieldNDReserved, r.take(4))
			slowND(r, k)
		}
	}
}

func slowND(r *reader, k *Key) {
	if !r.has(16) {
		return
	}
	before := *k
	put128(k, FieldNDTarget, r)
	for r.has(8) {
		kind, length := r.peek(0, 1), int(r.peek(1, 1))*8
		if length == 0 || !r.has(length) {
			return
		}
		if (kind == 1 || kind == 2) && length == 8 {
			f := map[uint64]FieldID{1: FieldNDSLL, 2: FieldNDTLL}[kind].Field()
			if !f.Get(k).IsZero() {
				*k = before
				return
			}
			f.Set(k, Value{0, r.peek(2, 6)})
			if FieldNDOptionsType.Field().Get(k).IsZero() {
				put(k, FieldNDOptionsType, kind)
			}
		}
		r.skip(length)
	}
}
