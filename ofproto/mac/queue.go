package mac

import "pollux/openflow"

// queue is the dynamic entries of one port in the order in which they were last heard.
type queue struct {
	first, last *entry
	n           int
}

func (q *queue) push(e *entry) {
	e.prev, e.next = q.last, nil
	if q.last != nil {
		q.last.next = e
	} else {
		q.first = e
	}
	q.last = e
	q.n++
}

func (q *queue) remove(e *entry) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		q.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		q.last = e.prev
	}
	q.n--
}

func (t *Table) queue(p openflow.Port) *queue {
	q := t.ports[p]
	if q == nil {
		q = &queue{}
		t.ports[p] = q
	}
	return q
}

func (t *Table) unqueue(e *entry) {
	q := t.ports[e.port]
	q.remove(e)
	if q.n == 0 {
		delete(t.ports, e.port)
	}
}
