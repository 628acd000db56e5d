package traffic

import "math/rand/v2"

// zipfDraws is how many packets a Zipf order has before it repeats, unless
// there are more flows than a quarter of that.
const zipfDraws = 1 << 17

// order is the sequence of flow numbers.
func (s Spec) order() []uint32 {
	r := rand.New(rand.NewPCG(s.Seed, 1))
	if s.Dist == Zipf && s.Flows > 1 {
		z := rand.NewZipf(r, s.Skew, 1, uint64(s.Flows-1))
		o := make([]uint32, max(zipfDraws, 4*s.Flows))
		for i := range o {
			o[i] = uint32(z.Uint64())
		}
		return o
	}
	return permutation(r, s.Flows)
}

func permutation(r *rand.Rand, n int) []uint32 {
	o := make([]uint32, n)
	for i := range o {
		o[i] = uint32(i)
	}
	r.Shuffle(n, func(i, j int) { o[i], o[j] = o[j], o[i] })
	return o
}

// imix is the simple Internet mix, 7:4:1, spread out: 0 is the small frame, 1
// the middle one, 2 the large one.
var imix = [12]uint32{0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 1, 0}

// mixSizes turns an order of flows into one of frames, of which each flow has
// three. Repeated twelve times with the mix turned by one each time, every
// flow sends every size in the proportion of the mix.
func mixSizes(flows []uint32) []uint32 {
	o := make([]uint32, 0, len(imix)*len(flows))
	for turn := range imix {
		for i, f := range flows {
			o = append(o, 3*f+imix[(i+turn)%len(imix)])
		}
	}
	return o
}
