package openflow

import (
	"fmt"
	"strings"

	"pollux/flow"
)

// Where packets go: ports, the controller, other tables.

// minTruncate is how little output(max_len=) may leave: an Ethernet header.
const minTruncate = 14

// output is what sends to a port that the text named.
func output(port Port) (Action, error) {
	switch port {
	case PortController:
		return Controller{MaxLen: 0xffff}, nil
	case PortNone, PortUnset:
		return nil, fmt.Errorf("output to port %s leads nowhere", port)
	}
	return Output{port}, nil
}

func (p *parser) port(s string) (Port, error) {
	n, err := flow.ParsePort(s, p.ports)
	return Port(n), err
}

func parseOutput(p *parser, it item) (Action, error) {
	if it.delim == '(' && strings.Contains(it.value, "=") {
		return parseOutputTrunc(p, it)
	}
	port, err := p.port(it.value)
	if err == nil {
		return output(port)
	}
	name, _, _ := strings.Cut(it.value, "[")
	if _, ok := flow.FieldByName(name); !ok {
		return nil, err
	}
	src, err := parseSubfield(it.value)
	return OutputReg{src}, err
}

func parseOutputTrunc(p *parser, it item) (Action, error) {
	a := OutputTrunc{Port: PortNone}
	err := eachItem(it.value, func(arg item) (err error) {
		switch arg.key {
		case "port":
			a.Port, err = p.port(arg.value)
		case "max_len":
			var n uint64
			n, err = number(arg.value, 32)
			a.MaxLen = uint32(n)
		default:
			err = fmt.Errorf("%q is neither port nor max_len", arg.key)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case a.MaxLen < minTruncate:
		return nil, fmt.Errorf("max_len %d is below %d, an Ethernet header", a.MaxLen, minTruncate)
	case a.Port.Reserved() && a.Port != PortLocal && a.Port != PortInPort:
		return nil, fmt.Errorf("cannot truncate what goes to port %s", a.Port)
	}
	return a, nil
}

func parseEnqueue(p *parser, it item) (Action, error) {
	portText, queueText, ok := strings.Cut(it.value, ":")
	if !ok {
		portText, queueText, ok = strings.Cut(it.value, ",")
	}
	if !ok {
		return nil, fmt.Errorf("is written enqueue:PORT:QUEUE")
	}
	port, err := p.port(portText)
	if err != nil {
		return nil, err
	}
	if port.Reserved() && port != PortLocal && port != PortInPort {
		return nil, fmt.Errorf("port %s has no queues", port)
	}
	queue, err := number(queueText, 32)
	return Enqueue{port, uint32(queue)}, err
}

// parseController reads controller, controller:128 and controller(key=value,...).
func parseController(_ *parser, it item) (Action, error) {
	a := Controller{MaxLen: 0xffff}
	if it.delim != '(' {
		if it.value == "" {
			return a, nil
		}
		n, err := number(it.value, 16)
		a.MaxLen = uint16(n)
		return a, err
	}
	err := eachItem(it.value, a.option)
	return a, err
}

func (a *Controller) option(arg item) (err error) {
	var n uint64
	switch arg.key {
	case "reason":
		var i int
		i, err = oneOf(reasonNames, arg.value)
		a.Reason = Reason(i)
	case "max_len":
		n, err = number(arg.value, 16)
		a.MaxLen = uint16(n)
	case "id":
		n, err = number(arg.value, 16)
		a.ID = uint16(n)
	case "userdata":
		a.UserData, err = hexBytes(arg.value)
	case "pause":
		a.Pause = true
	case "meter_id":
		n, err = number(arg.value, 32)
		a.Meter = uint32(n)
	default:
		err = fmt.Errorf("%q is none of reason, max_len, id, userdata, pause, meter_id", arg.key)
	}
	return err
}

// parseResubmit reads resubmit:port and resubmit(port,table,ct), each part of which may be empty.
func parseResubmit(p *parser, it item) (Action, error) {
	a := Resubmit{Port: PortInPort, Table: 255}
	parts := strings.Split(it.value, ",")
	if len(parts) > 3 || it.delim != '(' && len(parts) > 1 {
		return nil, fmt.Errorf("is written resubmit(PORT,TABLE,ct)")
	}
	for i, part := range parts {
		part = strings.TrimSpace(part)
		var err error
		switch {
		case i == 0 && part != "":
			a.Port, err = p.port(part)
		case i == 1 && part != "":
			a.Table, err = tableNumber(part, 255)
		case i == 2 && part == "ct":
			a.Ct = true
		case i == 2:
			err = fmt.Errorf("%q is not ct", part)
		}
		if err != nil {
			return nil, err
		}
	}
	if a.Port == PortInPort && a.Table == 255 {
		return nil, fmt.Errorf("names neither a port nor a table")
	}
	return a, nil
}

// tableNumber reads the number of a table, up to most.
func tableNumber(s string, most uint64) (uint8, error) {
	n, err := number(s, 64)
	if err == nil && n > most {
		err = fmt.Errorf("%d is more than %d", n, most)
	}
	if err != nil {
		return 0, fmt.Errorf("table %w", err)
	}
	return uint8(n), nil
}
