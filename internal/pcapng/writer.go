// Package pcapng writes packets in the capture format of Wireshark, as the IETF
// draft draft-ietf-opsawg-pcapng describes it: one section, one interface, raw IP
// packets, times in microseconds.
//
//	w, err := pcapng.NewWriter(file)
//	err = w.Packet(time.Now(), ipPacket)
package pcapng

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

const (
	blockSection   = 0x0A0D0D0A
	blockInterface = 1
	blockPacket    = 6

	byteOrderMagic = 0x1A2B3C4D
	linkTypeRaw    = 101 // packets begin with the IP header
)

// Writer writes a capture. It is not safe for concurrent use.
type Writer struct {
	w   io.Writer
	buf []byte
}

// NewWriter writes the beginning of a capture to w and returns a writer for its
// packets.
func NewWriter(w io.Writer) (*Writer, error) {
	p := &Writer{w: w}
	section := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	section = binary.LittleEndian.AppendUint16(section, 1)          // major version
	section = binary.LittleEndian.AppendUint16(section, 0)          // minor version
	section = binary.LittleEndian.AppendUint64(section, ^uint64(0)) // length not given
	if err := p.block(blockSection, section); err != nil {
		return nil, err
	}
	iface := binary.LittleEndian.AppendUint16(nil, linkTypeRaw)
	iface = binary.LittleEndian.AppendUint16(iface, 0) // reserved
	iface = binary.LittleEndian.AppendUint32(iface, 0) // no limit to packets
	return p, p.block(blockInterface, iface)
}

// Packet writes an IP packet that was seen at a time.
func (p *Writer) Packet(at time.Time, packet []byte) error {
	micros := uint64(at.UnixMicro())
	head := binary.LittleEndian.AppendUint32(nil, 0) // interface
	head = binary.LittleEndian.AppendUint32(head, uint32(micros>>32))
	head = binary.LittleEndian.AppendUint32(head, uint32(micros))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(packet))) // captured
	head = binary.LittleEndian.AppendUint32(head, uint32(len(packet))) // seen
	return p.block(blockPacket, append(head, packet...))
}

// block writes a block: type, length, content padded to 32 bits, length again.
func (p *Writer) block(kind uint32, content []byte) error {
	padding := -len(content) & 3
	length := uint32(12 + len(content) + padding)
	buf := binary.LittleEndian.AppendUint32(p.buf[:0], kind)
	buf = binary.LittleEndian.AppendUint32(buf, length)
	buf = append(buf, content...)
	buf = append(buf, make([]byte, padding)...)
	buf = binary.LittleEndian.AppendUint32(buf, length)
	p.buf = buf
	if _, err := p.w.Write(buf); err != nil {
		return fmt.Errorf("pcapng: %w", err)
	}
	return nil
}
