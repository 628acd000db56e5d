package openflow

// Command is what a FlowMod does to the rules of a table, in OpenFlow's numbers (OpenFlow 1.3, A.3.4.1).
type Command uint8

// The commands.
const (
	Add          Command = iota
	Modify               // every rule that is covered by the match
	ModifyStrict         // the rule with this very match and priority
	Delete
	DeleteStrict
)

var commandNames = []string{"add", "modify", "modify_strict", "delete", "delete_strict"}

// String is the command as files of rules write it.
func (c Command) String() string { return word(commandNames, int(c)) }

// AllTables is the table of a FlowMod that deletes from all of them.
const AllTables = 255

// NoGroup is the OutGroup of a FlowMod that does not care.
const NoGroup = 0xffffffff

// FlowMod is a change of the rules. What the command does not use is zero.
type FlowMod struct {
	Command Command
	Rule    Rule
	// Only rules whose cookie agrees with Rule.Cookie in the bits of CookieMask are changed; for Add it is 0.
	CookieMask uint64
	// Only rules that output to OutPort (PortNone: wherever) and OutGroup (NoGroup: wherever) are deleted.
	OutPort  Port
	OutGroup uint32
}
