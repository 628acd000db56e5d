package ctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Bounds on an answer. A dump of a million flows is some 300 MB.
const (
	maxAnswerBytes = 1 << 30
	maxAnswerDepth = 16
)

// Client calls commands of a running switch. One goroutine at a time.
type Client struct {
	conn    net.Conn
	answers *objects
	calls   int
}

// CommandError is a command that the switch refused, in the switch's words.
type CommandError struct{ Text string }

func (e *CommandError) Error() string { return e.Text }

// Find returns the socket of a target as ovs-appctl does: a path that begins
// with "/", or the name of a program whose pidfile is in the run directory dir.
func Find(dir, target string) (socket string, err error) {
	if strings.HasPrefix(target, "/") {
		return target, nil
	}
	pid, err := ReadPidfile(filepath.Join(dir, target+".pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("find %s: it does not run, or its run directory is not %s: %w", target, dir, err)
	}
	if err != nil {
		return "", fmt.Errorf("find %s: %w", target, err)
	}
	return socketPath(dir, target, pid), nil
}

// Dial connects to the target that Find finds.
func Dial(ctx context.Context, dir, target string) (*Client, error) {
	socket, err := Find(dir, target)
	if err != nil {
		return nil, err
	}
	conn, err := dialUnix(ctx, socket)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", socket, err)
	}
	return &Client{conn: conn, answers: newObjects(conn, maxAnswerBytes, maxAnswerDepth)}, nil
}

// Close hangs up.
func (c *Client) Close() error { return c.conn.Close() }

// Call runs a command and returns what it prints. An error of the command
// itself is a *CommandError; after any other the client is of no more use.
func (c *Client) Call(ctx context.Context, command string, args ...string) (string, error) {
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	output, err := c.call(command, args)
	var refused *CommandError
	if err == nil || errors.As(err, &refused) {
		return output, err
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return "", fmt.Errorf("call %s: %w", command, err)
}

func (c *Client) call(command string, args []string) (string, error) {
	if args == nil {
		args = []string{}
	}
	id := strconv.Itoa(c.calls)
	c.calls++
	message := encode(struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params []string        `json:"params"`
	}{json.RawMessage(id), command, args})
	if _, err := c.conn.Write(message); err != nil {
		return "", err
	}
	for {
		object, err := c.answers.next()
		if err != nil {
			return "", noEOF(err)
		}
		var a answer
		if err := json.Unmarshal(object, &a); err != nil {
			return "", fmt.Errorf("parse answer: %w", err)
		}
		switch {
		case string(a.ID) != id: // of a call that was given up
		case a.Error != nil:
			return "", &CommandError{strings.TrimSuffix(*a.Error, "\n")}
		case a.Result != nil:
			return *a.Result, nil
		default:
			return "", errors.New("parse answer: neither result nor error")
		}
	}
}
