package xlate

import (
	"cmp"
	"slices"

	"pollux/ofproto/mac"
	"pollux/ofproto/table"
	"pollux/openflow"
)

// DatapathPort is the number of a port in the datapath. What OpenFlow calls
// the port is an openflow.Port, and only a View knows which is which.
type DatapathPort uint32

// NumTables is how many tables there are; 255 is no table.
const NumTables = 255

// View is all that translation looks at, as it was at one moment. It does
// not change, but for the learned addresses, which count their changes.
type View struct {
	Bridge string
	// Seq counts the views of a bridge.
	Seq uint64
	// Tables are the tables, nil where one is empty. TableSeq is the Seq of the first view that had that version of a table.
	Tables   [NumTables]*table.Table
	TableSeq [NumTables]uint64
	Ports    *Ports
	PortsSeq uint64

	MACs        *mac.Table
	ForwardBPDU bool // let NORMAL forward what is for bridges only, 01:80:c2:00:00:0x

	// Thaw knows the ways of packets that were frozen under the rules of any view. It may be nil.
	Thaw Thaw
}

func (v *View) thaw(id uint32) *Frozen {
	if v.Thaw == nil {
		return nil
	}
	return v.Thaw(id)
}

// Port is an OpenFlow port as translation knows it.
type Port struct {
	Number   openflow.Port
	Datapath DatapathPort
	Name     string
	MAC      uint64
	VLAN     VLAN
	// As a controller configures it (OpenFlow 1.3, A.2.1).
	NoRecv, NoFwd, NoFlood, Down bool
}

// Ports is a set of ports, ordered. It does not change.
type Ports struct {
	all        []Port
	byNumber   map[openflow.Port]*Port
	byDatapath map[DatapathPort]*Port
}

// NewPorts makes a set of ports.
func NewPorts(all []Port) *Ports {
	p := &Ports{all: slices.Clone(all), byNumber: map[openflow.Port]*Port{}, byDatapath: map[DatapathPort]*Port{}}
	slices.SortFunc(p.all, func(a, b Port) int { return cmp.Compare(a.Number, b.Number) })
	for i := range p.all {
		p.byNumber[p.all[i].Number] = &p.all[i]
		p.byDatapath[p.all[i].Datapath] = &p.all[i]
	}
	return p
}

// All returns the ports by rising number. The slice belongs to p.
func (p *Ports) All() []Port { return p.all }

// Number finds a port by its OpenFlow number, nil if there is none.
func (p *Ports) Number(n openflow.Port) *Port { return p.byNumber[n] }

// Datapath finds a port by its number in the datapath, nil if there is none.
func (p *Ports) Datapath(n DatapathPort) *Port { return p.byDatapath[n] }

// PortName returns the name of an OpenFlow port.
func (p *Ports) PortName(n uint32) (string, bool) {
	if port := p.byNumber[openflow.Port(n)]; port != nil {
		return port.Name, true
	}
	return "", false
}

// PortNumber returns the OpenFlow number of a port's name.
func (p *Ports) PortNumber(name string) (uint32, bool) {
	for i := range p.all {
		if p.all[i].Name == name {
			return uint32(p.all[i].Number), true
		}
	}
	return 0, false
}
