package ctl

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// connection is one client.
type connection struct {
	conn   *net.UnixConn
	server *Server
}

// serve answers requests one after the other until the client leaves, sends
// what is no request, or the server stops.
func (c *connection) serve(ctx context.Context) {
	defer c.conn.Close()
	log := c.server.options.Log
	incoming := newObjects(c.conn, maxRequestBytes, maxRequestDepth)
	for ctx.Err() == nil {
		object, err := incoming.next()
		if errors.Is(err, io.EOF) {
			return
		}
		var r request
		if err == nil {
			r, err = parseRequest(object)
		}
		if err != nil {
			log.Warn("closed a connection", "socket", c.server.path, "err", err)
			return
		}
		if err := c.send(encode(c.answer(ctx, r))); err != nil {
			log.Warn("lost a connection", "socket", c.server.path, "command", r.Method, "err", err)
			return
		}
	}
}

func (c *connection) answer(ctx context.Context, r request) answer {
	c.server.options.Log.Debug("received request", "command", r.Method, "arguments", len(r.Params))
	args, err := r.args()
	var output string
	if err == nil {
		output, err = c.server.options.Commands.Run(ctx, r.Method, args)
	}
	return answerTo(r.ID, output, err)
}

// send writes in pieces, each with its deadline, so that a long answer to a
// slow reader passes and one to a reader that sleeps does not hold up anybody.
func (c *connection) send(message []byte) error {
	for len(message) > 0 {
		if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		n, err := c.conn.Write(message[:min(len(message), writeChunk)])
		if err != nil {
			return err
		}
		message = message[n:]
	}
	return nil
}
