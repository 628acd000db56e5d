// Package ctl is the control socket: how ovs-appctl(8), the commands of the
// pollux binary and scripts speak to a running switch.
//
// The protocol is unixctl of Open vSwitch: JSON-RPC 1.0 on a Unix stream
// socket, objects one after the other without anything between them. A request
// names a command and has text arguments; the answer is a text, or an error
// text. The socket is DIR/NAME.PID.ctl and is found through the pidfile
// DIR/NAME.pid, which is believed only while its process holds an fcntl lock on
// it. So "ovs-appctl -t pollux version" needs to know nothing but the name.
//
//	{"id":0,"method":"version","params":[]}
//	{"id":0,"result":"pollux 0.1\n","error":null}
//
// Who may speak is who may open the socket: its mode is 0600 from the first
// moment. What comes in is bounded in bytes, nesting and number of connections,
// so a broken client costs one connection and not the switch.
//
// Each connection has a goroutine that reads a request, runs the command and
// writes the answer; commands of several clients run at the same time.
package ctl
