package testkit

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/minirabbit/minirabbit/internal/pcapng"
)

// capture writes what goes over the connections as packets that Wireshark opens.
// The bytes are real, but for passwords, which are asterisks. The packets are made up, as the broker does not see any:
// from 127.0.0.1 to 127.0.0.1, the broker always at port 5672 so that Wireshark
// knows the protocol, each client at a port of its own.
type capture struct {
	out io.Writer

	mu sync.Mutex
	// guarded by mu
	w        *pcapng.Writer
	err      error // the first
	lastPort uint16
	closed   bool
}

const (
	brokerPort  = 5672
	firstPort   = 40000
	maxSegment  = 60_000
	flagFIN     = 1
	flagSYN     = 2
	flagRST     = 4
	flagACK     = 16
	flagPSH     = 8
	packetIPTCP = 40 // bytes of both headers
)

func newCapture(out io.Writer) *capture { return &capture{out: out, lastPort: firstPort} }

// conn returns c with its traffic captured.
func (p *capture) conn(c net.Conn) net.Conn {
	p.mu.Lock()
	p.lastPort++
	captured := &capturedConn{Conn: c, capture: p, port: p.lastPort}
	captured.sendLocked(true, flagSYN, nil)
	captured.sendLocked(false, flagSYN|flagACK, nil)
	captured.sendLocked(true, flagACK, nil)
	p.mu.Unlock()
	return captured
}

// close ends the capture and returns the first error of its writer.
func (p *capture) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if err := closer(p.out); p.err == nil {
		p.err = err
	}
	return p.err
}

func (p *capture) packetLocked(packet []byte) {
	if p.closed || p.err != nil {
		return
	}
	if p.w == nil {
		if p.w, p.err = pcapng.NewWriter(p.out); p.err != nil {
			return
		}
	}
	p.err = p.w.Packet(time.Now(), packet)
}

// capturedConn is the broker's end of a connection.
type capturedConn struct {
	net.Conn
	capture *capture
	port    uint16

	// guarded by capture.mu
	sequences [2]uint32 // of what comes next, from the broker and from the client
	ended     [2]bool
	login     login
	resets    bool // the broker's end is a reset
}

// Read implements [net.Conn].
func (c *capturedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.data(true, b[:n])
	if err == io.EOF {
		c.end(true)
	}
	return n, err
}

// Write implements [net.Conn]. What is written is captured before it can be
// answered.
func (c *capturedConn) Write(b []byte) (int, error) {
	c.data(false, b)
	return c.Conn.Write(b)
}

// SetLinger is that of [net.TCPConn]: with 0, Close resets the connection.
func (c *capturedConn) SetLinger(seconds int) error {
	socket, ok := c.Conn.(interface{ SetLinger(seconds int) error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.capture.mu.Lock()
	c.resets = seconds == 0
	c.capture.mu.Unlock()
	return socket.SetLinger(seconds)
}

// Close implements [net.Conn].
func (c *capturedConn) Close() error {
	c.end(false)
	return c.Conn.Close()
}

// end notes that one side has hung up.
func (c *capturedConn) end(client bool) {
	c.capture.mu.Lock()
	defer c.capture.mu.Unlock()
	side := 0
	if client {
		side = 1
	}
	if !c.ended[side] {
		if client {
			c.sendDataLocked(true, c.login.flush())
		}
		c.ended[side] = true
		how := byte(flagFIN)
		if c.resets && !client {
			how = flagRST
		}
		c.sendLocked(client, how|flagACK, nil)
	}
}

func (c *capturedConn) data(fromClient bool, b []byte) {
	c.capture.mu.Lock()
	defer c.capture.mu.Unlock()
	if fromClient {
		b = c.login.take(b)
	}
	c.sendDataLocked(fromClient, b)
}

func (c *capturedConn) sendDataLocked(fromClient bool, b []byte) {
	for len(b) > 0 {
		n := min(len(b), maxSegment)
		c.sendLocked(fromClient, flagPSH|flagACK, b[:n])
		b = b[n:]
	}
}

// sendLocked writes one IPv4 packet with one TCP segment.
func (c *capturedConn) sendLocked(fromClient bool, flags byte, payload []byte) {
	from, to, me := uint16(brokerPort), c.port, 0
	if fromClient {
		from, to, me = c.port, brokerPort, 1
	}
	p := make([]byte, packetIPTCP, packetIPTCP+len(payload))
	p[0] = 0x45 // version 4, header of five words
	binary.BigEndian.PutUint16(p[2:], uint16(packetIPTCP+len(payload)))
	p[6] = 0x40 // don't fragment
	p[8] = 64   // time to live
	p[9] = 6    // TCP
	copy(p[12:], []byte{127, 0, 0, 1, 127, 0, 0, 1})
	binary.BigEndian.PutUint16(p[10:], ^sum(p[:20], 0))

	tcp := p[20:]
	binary.BigEndian.PutUint16(tcp[0:], from)
	binary.BigEndian.PutUint16(tcp[2:], to)
	binary.BigEndian.PutUint32(tcp[4:], c.sequences[me])
	if flags&flagACK != 0 {
		binary.BigEndian.PutUint32(tcp[8:], c.sequences[1-me])
	}
	tcp[12] = 5 << 4 // header of five words
	tcp[13] = flags
	binary.BigEndian.PutUint16(tcp[14:], 0xFFFF) // window
	p = append(p, payload...)
	pseudo := uint32(6) + uint32(len(p)-20)
	binary.BigEndian.PutUint16(p[36:], ^sum(p[12:], pseudo))

	c.sequences[me] += uint32(len(payload))
	if flags&(flagSYN|flagFIN) != 0 {
		c.sequences[me]++
	}
	c.capture.packetLocked(p)
}

// sum is the sum of the Internet checksum over b, beginning with a start.
func sum(b []byte, start uint32) uint16 {
	total := start
	for i := 0; i+1 < len(b); i += 2 {
		total += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		total += uint32(b[len(b)-1]) << 8
	}
	for total > 0xFFFF {
		total = total>>16 + total&0xFFFF
	}
	return uint16(total)
}
