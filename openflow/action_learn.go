package openflow

import "pollux/flow"

// Learn adds a rule or refreshes it, made from the packet after Specs.
type Learn struct {
	Table                                uint8
	Priority                             uint16
	Cookie                               uint64
	IdleTimeoutSec                       uint16
	HardTimeoutSec                       uint16
	FinIdleTimeoutSec, FinHardTimeoutSec uint16
	SendFlowRem, DeleteLearned           bool
	Limit                                uint32   // how many rules it may have made with its cookie, 0 for any number
	ResultDst                            Subfield // a bit that says whether it could; Bits 0 for none
	Specs                                []LearnSpec
}

// LearnKind is what a LearnSpec adds to the rule.
type LearnKind uint8

// The kinds.
const (
	LearnMatch  LearnKind = iota // a match of Dst
	LearnLoad                    // an action that loads Dst
	LearnOutput                  // an action that outputs to the port that Src holds
)

// LearnSpec is one element of the rule that Learn makes: Dst is to be what Src
// holds in the packet, or Value if Src has no bits.
type LearnSpec struct {
	Kind  LearnKind
	Src   Subfield
	Value flow.Value
	Dst   Subfield
}
