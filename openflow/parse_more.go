package openflow

import (
	"fmt"
	"strings"

	"pollux/flow"
)

// The actions that need state beside the packet.

func parseCheckPktLarger(_ *parser, it item) (Action, error) {
	n, err := number(it.value, 16)
	if err != nil {
		return nil, err
	}
	dst, err := parseTarget(it.dst)
	if err == nil && dst.Bits != 1 {
		err = fmt.Errorf("%s is %d bits wide, not one", it.dst, dst.Bits)
	}
	return CheckPktLarger{uint16(n), dst}, err
}

func parseDeleteField(_ *parser, it item) (Action, error) {
	f, ok := flow.FieldByName(it.value)
	if !ok || f.ID < flow.FieldTunMetadata0 {
		return nil, fmt.Errorf("%q is no tunnel option: only those can be deleted", it.value)
	}
	return DeleteField{f.ID}, nil
}

func parseConjunction(_ *parser, it item) (Action, error) {
	idText, clause, ok1 := strings.Cut(it.value, ",")
	kText, nText, ok2 := strings.Cut(clause, "/")
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("is written conjunction(ID,K/N)")
	}
	id, err1 := number(strings.TrimSpace(idText), 32)
	k, err2 := number(strings.TrimSpace(kText), 8)
	n, err3 := number(strings.TrimSpace(nText), 8)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	if n < 2 || n > 64 || k < 1 || k > n {
		return nil, fmt.Errorf("clause %d of %d: there are 2 to 64 clauses, and they count from 1", k, n)
	}
	return Conjunction{uint32(id), uint8(k), uint8(n)}, nil
}

func parseFinTimeout(_ *parser, it item) (Action, error) {
	var a FinTimeout
	err := eachItem(it.value, func(arg item) error {
		switch arg.key {
		case "idle_timeout":
			return setNumber(&a.IdleSec, arg.value)
		case "hard_timeout":
			return setNumber(&a.HardSec, arg.value)
		}
		return fmt.Errorf("%q is neither idle_timeout nor hard_timeout", arg.key)
	})
	return a, err
}

func parseSample(p *parser, it item) (Action, error) {
	a := Sample{SamplingPort: PortNone}
	err := eachItem(it.value, func(arg item) (err error) {
		switch arg.key {
		case "probability":
			err = setNumber(&a.Probability, arg.value)
		case "collector_set_id":
			err = setNumber(&a.CollectorSet, arg.value)
		case "obs_domain_id":
			err = setNumber(&a.ObsDomain, arg.value)
		case "obs_point_id":
			err = setNumber(&a.ObsPoint, arg.value)
		case "sampling_port":
			a.SamplingPort, err = p.port(arg.value)
		case "ingress":
			a.Direction = SampleIngress
		case "egress":
			a.Direction = SampleEgress
		default:
			err = fmt.Errorf("%q is no argument of it", arg.key)
		}
		return err
	})
	if err == nil && a.Probability == 0 {
		err = fmt.Errorf("the probability is 1 to 65535")
	}
	return a, err
}

// setNumber reads a number of as many bits as dst has.
func setNumber[T uint8 | uint16 | uint32 | uint64](dst *T, s string) error {
	bits := 8
	for v := ^T(0); bits < 64 && v>>bits != 0; {
		bits *= 2
	}
	n, err := number(s, bits)
	*dst = T(n)
	return err
}

// parseBundle reads bundle(fields,basis,algorithm,ofport,members:1,2) and bundle_load with a destination before the members.
func parseBundle(p *parser, it item) (Action, error) {
	load := strings.EqualFold(it.key, "bundle_load")
	head, members, ok := strings.Cut(it.value, "members:")
	if !ok {
		head, members, ok = strings.Cut(it.value, "slaves:") // as it was called once
	}
	args := strings.FieldsFunc(head, isSeparator)
	if !ok || !load && len(args) != 4 || load && len(args) != 5 {
		return nil, fmt.Errorf("is written bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,PORT)")
	}
	var a Bundle
	fields, err1 := oneOf(hashFieldNames, args[0])
	err2 := setNumber(&a.Basis, args[1])
	algorithm, err3 := oneOf(bundleNames, args[2])
	_, err4 := oneOf([]string{"ofport"}, args[3])
	a.Fields, a.Algorithm = HashFields(fields), BundleAlgorithm(algorithm)
	var err5 error
	if load {
		a.Dst, err5 = parseTarget(args[4])
	}
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			return nil, err
		}
	}
	for _, m := range strings.FieldsFunc(members, isSeparator) {
		port, err := p.port(m)
		if err != nil {
			return nil, err
		}
		a.Members = append(a.Members, port)
	}
	return a, nil
}

func isSeparator(r rune) bool { return strings.ContainsRune(separators, r) }

func parseMultipath(_ *parser, it item) (Action, error) {
	args := strings.FieldsFunc(it.value, isSeparator)
	if len(args) != 6 {
		return nil, fmt.Errorf("is written multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,FIELD[BITS])")
	}
	var a Multipath
	fields, err1 := oneOf(hashFieldNames, args[0])
	err2 := setNumber(&a.Basis, args[1])
	algorithm, err3 := oneOf(multipathNames, args[2])
	err4 := setNumber(&a.Links, args[3])
	err5 := setNumber(&a.Arg, args[4])
	var err6 error
	a.Dst, err6 = parseTarget(args[5])
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			return nil, err
		}
	}
	a.Fields, a.Algorithm = HashFields(fields), MultipathAlgorithm(algorithm)
	if a.Links == 0 || a.Dst.Bits < 16 && int(a.Links) > 1<<a.Dst.Bits {
		return nil, fmt.Errorf("%d links do not fit %d bits", a.Links, a.Dst.Bits)
	}
	return a, nil
}
