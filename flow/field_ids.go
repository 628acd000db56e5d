package flow

// The fields. Registers and tunnel options count up from their first:
// FieldReg0+3 is reg3.
const (
	FieldNone FieldID = iota

	FieldInPort
	FieldInPortOXM
	FieldRecircID
	FieldDPHash
	FieldPktMark
	FieldSKBPriority
	FieldPacketType
	FieldConjID
	FieldActsetOutput
	FieldMetadata

	FieldCtState
	FieldCtZone
	FieldCtMark
	FieldCtLabel
	FieldCtNWSrc
	FieldCtNWDst
	FieldCtIPv6Src
	FieldCtIPv6Dst
	FieldCtNWProto
	FieldCtTPSrc
	FieldCtTPDst

	FieldTunID
	FieldTunSrc
	FieldTunDst
	FieldTunIPv6Src
	FieldTunIPv6Dst
	FieldTunFlags
	FieldTunFlagsAll // hidden: with df, csum and key, which only the datapath knows
	FieldTunTOS
	FieldTunTTL
	FieldTunGBPID
	FieldTunGBPFlags
	FieldTunErspanVer
	FieldTunErspanIdx
	FieldTunErspanDir
	FieldTunErspanHWID
	FieldTunGTPUFlags
	FieldTunGTPUMsgType

	FieldEthSrc
	FieldEthDst
	FieldEthType
	FieldVLANTCI
	FieldDLVLAN
	FieldDLVLANPCP
	FieldVLANVID
	FieldVLANPCP
	FieldVLANTPID  // hidden: the outer tag's
	FieldVLAN2TPID // hidden: the inner tag's
	FieldVLAN2TCI  // hidden
	FieldMPLSLabel
	FieldMPLSTC
	FieldMPLSBOS
	FieldMPLSTTL
	FieldMPLS2 // hidden: the second label stack entry
	FieldMPLS3 // hidden: the third

	FieldNWSrc
	FieldNWDst
	FieldIPv6Src
	FieldIPv6Dst
	FieldIPv6Label
	FieldIPProto
	FieldNWTOS
	FieldIPDSCP
	FieldNWECN
	FieldIPTOS // hidden: nw_tos and nw_ecn as one byte
	FieldNWTTL
	FieldIPFrag
	FieldARPOp
	FieldARPSPA
	FieldARPTPA
	FieldARPSHA
	FieldARPTHA

	FieldTCPSrc
	FieldTCPDst
	FieldTCPFlags
	FieldUDPSrc
	FieldUDPDst
	FieldSCTPSrc
	FieldSCTPDst
	FieldICMPType
	FieldICMPCode
	FieldICMPv6Type
	FieldICMPv6Code
	FieldNDTarget
	FieldNDSLL
	FieldNDTLL
	FieldNDReserved
	FieldNDOptionsType
	FieldIGMPGroup // hidden: seen by multicast snooping only

	FieldNSHFlags
	FieldNSHTTL
	FieldNSHMDType
	FieldNSHNP
	FieldNSHSPI
	FieldNSHSI
	FieldNSHC1
	FieldNSHC2
	FieldNSHC3
	FieldNSHC4

	FieldReg0
	FieldXReg0        = FieldReg0 + 16
	FieldXXReg0       = FieldXReg0 + 8
	FieldTunMetadata0 = FieldXXReg0 + 4

	// NumFields is one more than the last id.
	NumFields = FieldTunMetadata0 + 64
)

// Names that are fields of their own in other texts.
const (
	FieldTPSrc = FieldTCPSrc // tp_src: whatever transport, the same bits
	FieldTPDst = FieldTCPDst
)
