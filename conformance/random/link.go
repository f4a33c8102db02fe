package random

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// patience is how long an answer may take that every broker gives.
const patience = 10 * time.Second

// A command is a method as it arrived, with its content if it has one.
type command struct {
	method     wire.Method
	properties *wire.Properties // nil for a method without content
	size       uint64           // of the body, as declared
	body       []byte
}

// A mailbox is where the commands of a session's connections arrive.
type mailbox struct {
	news chan struct{} // holds one element if something arrived since it was last taken

	mu      sync.Mutex
	arrived map[Place][]command
	open    map[Place]bool // connections are places too
}

func newMailbox() *mailbox {
	return &mailbox{news: make(chan struct{}, 1), arrived: make(map[Place][]command), open: make(map[Place]bool)}
}

// wait returns when done, which is called with mu held, is true, or when the time is over, and tells which.
func (m *mailbox) wait(limit time.Duration, done func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		m.mu.Lock()
		ok := done()
		m.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-m.news:
		case <-timer.C:
			return false
		}
	}
}

// A change is what a command does to the place where it arrives.
type change int

const (
	unchanged change = iota
	opened
	closed
)

// put adds a command, together with the change that it makes.
func (m *mailbox) put(at Place, c command, what change) {
	m.mu.Lock()
	m.arrived[at] = append(m.arrived[at], c)
	if what != unchanged {
		m.open[at] = what == opened
	}
	m.mu.Unlock()
	m.tell()
}

func (m *mailbox) setOpen(at Place) {
	m.mu.Lock()
	m.open[at] = true
	m.mu.Unlock()
	m.tell()
}

func (m *mailbox) isOpen(at Place) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[at]
}

func (m *mailbox) tell() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// next takes the next command of a place, and nil if its connection ends first.
func (m *mailbox) next(at Place) (wire.Method, error) {
	var got wire.Method
	ok := m.wait(patience, func() bool {
		if all := m.arrived[at]; len(all) > 0 {
			got, m.arrived[at] = all[0].method, all[1:]
			return true
		}
		return !m.open[Place{at.Connection, 0}]
	})
	if !ok {
		return nil, fmt.Errorf("nothing arrived on channel %v for %v", at, patience)
	}
	return got, nil
}

// A link is one connection. Its reader answers when the broker closes a channel or the connection.
type link struct {
	index   int
	conn    net.Conn
	mailbox *mailbox
	ended   chan struct{} // closed when the reader has ended

	frameMax uint32

	writing sync.Mutex
}

// dial connects to a virtual host, and starts the reader.
func dial(target *url.URL, vhost string, index int, m *mailbox) (*link, error) {
	conn, err := net.DialTimeout("tcp", target.Host, patience)
	if err != nil {
		return nil, err
	}
	l := &link{index: index, conn: conn, mailbox: m, ended: make(chan struct{})}
	reader := wire.NewReader(conn, 16<<10)
	if err := l.handshake(reader, target, vhost); err != nil {
		conn.Close()
		return nil, fmt.Errorf("connecting to %s: %w", target.Host, err)
	}
	m.setOpen(Place{index, 0})
	go l.read(reader)
	return l, nil
}

func (l *link) handshake(reader *wire.Reader, target *url.URL, vhost string) error {
	_ = l.conn.SetDeadline(time.Now().Add(patience))
	defer l.conn.SetDeadline(time.Time{})
	if _, err := l.conn.Write(wire.ProtocolHeader[:]); err != nil {
		return err
	}
	password, _ := target.User.Password()
	capabilities := wire.Table{
		{Key: "publisher_confirms", Value: true},
		{Key: "basic.nack", Value: true},
		{Key: "consumer_cancel_notify", Value: true},
	}
	for {
		frame, err := reader.ReadFrame()
		if err != nil {
			return err
		}
		m, err := wire.DecodeMethod(bytes.Clone(frame.Payload))
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *wire.ConnectionStart:
			l.send(0, &wire.ConnectionStartOk{
				ClientProperties: wire.Table{{Key: "product", Value: "minirabbit random programs"}, {Key: "capabilities", Value: capabilities}},
				Mechanism:        "PLAIN", Response: []byte("\x00" + target.User.Username() + "\x00" + password), Locale: "en_US",
			})
		case *wire.ConnectionTune:
			l.frameMax = m.FrameMax
			l.send(0, &wire.ConnectionTuneOk{ChannelMax: m.ChannelMax, FrameMax: m.FrameMax}, &wire.ConnectionOpen{VirtualHost: vhost})
		case *wire.ConnectionOpenOk:
			return nil
		default:
			return fmt.Errorf("the broker answered %s", describe(m))
		}
	}
}

// send sends methods in one write. A failure to write shows in what arrives.
func (l *link) send(channel uint16, methods ...wire.Method) {
	var frames []byte
	for _, m := range methods {
		frames = wire.AppendMethodFrame(frames, channel, m)
	}
	l.write(frames)
}

// publish sends basic.publish with its content, and what is to follow.
func (l *link) publish(channel uint16, m wire.Method, properties []byte, body string, behind ...wire.Method) {
	frames := wire.AppendMethodFrame(nil, channel, m)
	frames = wire.AppendHeaderFrame(frames, channel, wire.IDBasicPublish.Class(), uint64(len(body)), properties)
	frames = wire.AppendBodyFrames(frames, channel, []byte(body), l.frameMax)
	for _, m := range behind {
		frames = wire.AppendMethodFrame(frames, channel, m)
	}
	l.write(frames)
}

func (l *link) write(frames []byte) {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(patience))
	_, _ = l.conn.Write(frames)
}

// close drops the connection and waits for the reader.
func (l *link) close() {
	l.conn.Close()
	<-l.ended
}

// read puts what arrives into the mailbox until the connection ends.
func (l *link) read(reader *wire.Reader) {
	defer close(l.ended)
	defer l.conn.Close()
	unfinished := make(map[uint16]*command)
	for {
		frame, err := reader.ReadFrame()
		if err == nil {
			err = l.frame(frame, unfinished)
		}
		if err != nil {
			l.end(err)
			return
		}
	}
}

// end notes that the connection has ended: in an orderly way if there was a close before.
func (l *link) end(err error) {
	m := l.mailbox
	m.mu.Lock()
	defer m.tell()
	defer m.mu.Unlock()
	self := Place{l.index, 0}
	if m.open[self] && !errors.Is(err, net.ErrClosed) {
		if errors.Is(err, io.EOF) {
			err = errors.New("end of stream")
		}
		m.arrived[self] = append(m.arrived[self], command{method: &broken{err}})
	}
	for at := range m.open {
		if at.Connection == l.index {
			m.open[at] = false
		}
	}
}

// broken stands for what arrived instead of a method: the end of the connection, or nonsense.
type broken struct{ err error }

func (*broken) ID() wire.MethodID        { return 0 }
func (*broken) Append(dst []byte) []byte { return dst }
func (*broken) Decode(*wire.Cursor)      {}

func (l *link) frame(frame wire.Frame, unfinished map[uint16]*command) error {
	c := unfinished[frame.Channel]
	switch frame.Type {
	case wire.FrameMethod:
		m, err := wire.DecodeMethod(bytes.Clone(frame.Payload))
		if err != nil {
			return err
		}
		c = &command{method: m}
		if m.ID().HasContent() {
			unfinished[frame.Channel] = c
			return nil
		}
	case wire.FrameHeader:
		var h wire.ContentHeader
		cursor := wire.NewCursor(bytes.Clone(frame.Payload))
		h.Decode(cursor)
		if err := cursor.Err(); err != nil || c == nil {
			return fmt.Errorf("a content header that does not belong or does not decode: %w", err)
		}
		c.properties, c.size = &h.Properties, h.BodySize
		if h.BodySize > 0 {
			return nil
		}
	case wire.FrameBody:
		if c == nil || c.properties == nil {
			return errors.New("a body frame that does not belong")
		}
		if c.body = append(c.body, frame.Payload...); uint64(len(c.body)) < c.size {
			return nil
		}
	default:
		return nil
	}
	delete(unfinished, frame.Channel)
	l.complete(Place{l.index, frame.Channel}, *c)
	return nil
}

// complete answers what has to be answered, and puts a command into the mailbox.
func (l *link) complete(at Place, c command) {
	switch c.method.(type) {
	case *wire.ChannelClose:
		l.send(at.Channel, &wire.ChannelCloseOk{})
		l.mailbox.put(at, c, closed)
	case *wire.ConnectionClose:
		l.send(0, &wire.ConnectionCloseOk{})
		l.mailbox.put(at, c, closed)
	case *wire.ChannelCloseOk:
		l.mailbox.put(at, c, closed)
	case *wire.ConnectionCloseOk:
		l.mailbox.put(at, c, closed)
		l.conn.Close()
	case *wire.ChannelOpenOk:
		l.mailbox.put(at, c, opened)
	case *wire.ConnectionBlocked, *wire.ConnectionUnblocked:
		// An alarm of the node is not the program's doing.
	default:
		l.mailbox.put(at, c, unchanged)
	}
}
