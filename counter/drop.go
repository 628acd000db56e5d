package counter

// Drop is the reason for which a packet was not forwarded. Every packet that
// enters leaves by a port or is counted under exactly one reason.
type Drop uint8

// The reasons, in the order in which a packet may meet them.
const (
	Forwarded         Drop = iota // not a drop
	RxTruncated                   // the device handed over less than an Ethernet header, or a descriptor out of range
	RxTooManyFrags                // a jumbo frame in more fragments than a packet may have
	RxNoFrame                     // no free frame to copy a packet into
	Malformed                     // a header contradicts the length of the packet
	UpcallQueueFull               // the queue of the ingress port to the slow path is full
	UpcallNoControl               // no control process answers upcalls
	UpcallExpired                 // the slow path did not answer in time
	ParkingFull                   // no room to park the packet while the slow path thinks
	FlowDrop                      // the flow says drop
	NoOutput                      // the actions ended without an output
	RecirculationDeep             // recirculated too often
	RecirculationMiss             // recirculated to an id that nobody knows
	MeterExceeded                 // a meter's band said drop
	ConntrackMissing              // the flow wants connection tracking, which this datapath does not do
	TTLExpired                    // the time to live would reach zero
	ActionImpossible              // an action does not fit the packet (pop without a tag, no headroom to push)
	CopyNoFrame                   // no free frame for the copy that a flood or clone needs
	TxNoPort                      // the output port does not exist any more
	TxQueueFull                   // the transmit queue was full
	TxTooLong                     // the packet is longer than the egress device's MTU allows
	TxDown                        // the egress device is down
	TxError                       // the egress device refused the packet
	HandoffFull                   // the queue to the thread that owns the transmit queue was full
	Injected                      // a fault injector dropped it, in tests
	Stopped                       // in hand when its port or thread was taken away
	NumDrops
)

var dropNames = [NumDrops]string{
	"forwarded", "rx_truncated", "rx_too_many_frags", "rx_no_frame", "malformed",
	"upcall_queue_full", "upcall_no_control", "upcall_expired", "parking_full", "flow_drop", "no_output",
	"recirculation_deep", "recirculation_miss", "meter_exceeded", "conntrack_missing",
	"ttl_expired", "action_impossible", "copy_no_frame", "tx_no_port", "tx_queue_full",
	"tx_too_long", "tx_down", "tx_error", "handoff_full", "injected", "stopped",
}

// String is the name under which status, metrics and traces show the reason.
func (d Drop) String() string {
	if d < NumDrops {
		return dropNames[d]
	}
	return "unknown"
}

// Drops counts packets by reason.
type Drops [NumDrops]Counter

// Total is the sum over all reasons.
func (d *Drops) Total() (n uint64) {
	for i := range d {
		n += d[i].Load()
	}
	return n
}

// Port counts what one thread did on one port. The thread is its only writer.
// Drops are those of packets that left, or should have left, by this port
// and those that never became packets; what happens in between is counted by
// the thread.
type Port struct {
	RxPackets, RxBytes Counter
	TxPackets, TxBytes Counter
	Drops              Drops
	_                  [2]Counter // whole cache lines: 32 words
}
