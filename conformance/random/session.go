package random

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/minirabbit/minirabbit/wire"
)

// A Target is a broker that programs are run on.
type Target struct {
	AMQP string // the URL; its path is not looked at
	HTTP string // the URL of the management API
	// FastForward moves the broker's time. Without it, a step that waits takes its time.
	FastForward func(time.Duration)
}

const (
	// soon is the time, in milliseconds, in which expires what expires soon: long against the time that a program takes
	// otherwise, also where many workers make brokers slow. A step that waits waits for longer than that.
	soon   = 2000
	waited = 2300 * time.Millisecond

	// probeChannel is the channel of each connection that asks for the state of queues.
	probeChannel = 100
)

// A Session runs programs on one broker, one after the other, in a virtual host of its own.
type Session struct {
	target  Target
	amqp    *url.URL
	http    *http.Client
	vhost   string
	mailbox *mailbox
	links   [connections]*link
	log     *journal

	program int // counts them

	// What the present program has brought into being, to be removed after it.
	queues, exchanges, policies []string
	bound                       []*wire.ExchangeBind // which outlive the program, if both exchanges do
	owners                      map[string]int       // of exclusive queues, as far as known: the connection

	// names maps names that the broker made up to those that transcripts show.
	names     map[string]string
	generated map[string]int // how many of each kind there are

	// last is what collect took last.
	last map[Place][]command
}

// NewSession makes a virtual host; Close removes it.
func NewSession(target Target, vhost string) (*Session, error) {
	u, err := url.Parse(target.AMQP)
	if err != nil {
		return nil, fmt.Errorf("random: the broker's URL: %w", err)
	}
	s := &Session{target: target, amqp: u, http: &http.Client{Timeout: patience}, vhost: vhost}
	s.reset()
	if err := s.makeVhost(vhost); err != nil || target.FastForward != nil {
		return s, err
	}
	if err := s.makeVhost(vhost + journalSuffix); err != nil {
		return s, err
	}
	s.log, err = openJournal(s.amqp, vhost+journalSuffix)
	return s, err
}

// makeVhost makes a virtual host, anew if there is one.
func (s *Session) makeVhost(name string) error {
	path := "/api/vhosts/" + url.PathEscape(name)
	if _, _, err := s.manage(http.MethodDelete, path, nil); err != nil {
		return err
	}
	if err := s.must(http.MethodPut, path, nil); err != nil {
		return err
	}
	permissions := map[string]string{"configure": ".*", "write": ".*", "read": ".*"}
	return s.must(http.MethodPut, "/api/permissions/"+url.PathEscape(name)+"/"+url.PathEscape(s.amqp.User.Username()), permissions)
}

// quorumName is what the names of quorum queues begin with in programs. RabbitMQ needs some time until it can declare one
// again under a name that was deleted, so sessions put a number in place of the zeros.
const quorumName = "quorum000000"

func (s *Session) actualName() string { return fmt.Sprintf("quorum%06d", s.program) }

func (s *Session) renamed(encoded []byte) []byte {
	return bytes.ReplaceAll(encoded, []byte(quorumName), []byte(s.actualName()))
}

// Close drops the connections and removes the virtual host.
func (s *Session) Close() error {
	s.drop()
	if s.log != nil {
		s.log.link.close()
		if err := s.must(http.MethodDelete, "/api/vhosts/"+url.PathEscape(s.vhost+journalSuffix), nil); err != nil {
			return err
		}
	}
	return s.must(http.MethodDelete, "/api/vhosts/"+url.PathEscape(s.vhost), nil)
}

// reset forgets the last program.
func (s *Session) reset() {
	if s.mailbox == nil {
		s.mailbox = newMailbox()
	}
	s.program++
	s.queues, s.exchanges, s.policies, s.bound = nil, nil, nil, nil
	s.owners = make(map[string]int)
	s.names, s.generated = make(map[string]string), make(map[string]int)
}

// drop drops the connections.
func (s *Session) drop() {
	for i, l := range s.links {
		if l != nil {
			l.close()
			s.links[i] = nil
		}
	}
	s.mailbox = newMailbox()
}

// manage asks the management API and gives the answer's status and body.
func (s *Session) manage(method, path string, body any) (int, string, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, "", err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, strings.TrimSuffix(s.target.HTTP, "/")+path, content)
	if err != nil {
		return 0, "", err
	}
	password, _ := s.amqp.User.Password()
	request.SetBasicAuth(s.amqp.User.Username(), password)
	response, err := s.http.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// must is manage for what has to succeed.
func (s *Session) must(method, path string, body any) error {
	status, text, err := s.manage(method, path, body)
	if err == nil && status >= 300 {
		err = fmt.Errorf("status %d: %s", status, text)
	}
	if err != nil {
		return fmt.Errorf("random: %s %s: %w", method, path, err)
	}
	return nil
}

// take starts a step: it opens what is not open and sends what is to be sent, and with it what is to follow on the same
// channel.
func (s *Session) take(step Step, behind ...wire.Method) error {
	switch {
	case step.Wait:
		if s.target.FastForward != nil {
			s.target.FastForward(waited)
		} else {
			time.Sleep(waited)
		}
		return nil
	case step.Policy != nil:
		return s.setPolicy(step.Policy)
	}
	if err := s.open(step.At); err != nil {
		return err
	}
	l := s.links[step.At.Connection]
	m := s.sendable(step.Method)
	s.remember(step.At, m)
	if m.ID().HasContent() {
		l.publish(step.At.Channel, m, s.renamed(step.Properties.Append(nil)), step.Body, behind...)
		return nil
	}
	l.send(step.At.Channel, append(slices.Repeat([]wire.Method{m}, max(step.Times, 1)), behind...)...)
	return nil
}

func (s *Session) setPolicy(p *Policy) error {
	path := "/api/policies/" + url.PathEscape(s.vhost) + "/" + url.PathEscape(p.Name)
	method, body := http.MethodPut, any(p)
	if p.Definition == nil {
		method, body = http.MethodDelete, nil
	}
	status, _, err := s.manage(method, path, body)
	if err != nil {
		return err
	}
	s.policies = append(s.policies, p.Name)
	s.mailbox.put(managementPlace, command{method: &broken{fmt.Errorf("status %d", status)}}, unchanged)
	return nil
}

// open opens a channel, and its connection, if they are not open.
func (s *Session) open(at Place) error {
	if !s.mailbox.isOpen(Place{at.Connection, 0}) {
		if l := s.links[at.Connection]; l != nil {
			select {
			case <-l.ended:
			case <-time.After(patience):
				return fmt.Errorf("connection %v was closed, and the broker did not end it", at)
			}
		}
		l, err := dial(s.amqp, s.vhost, at.Connection, s.mailbox)
		if err != nil {
			return err
		}
		s.links[at.Connection] = l
	}
	if s.mailbox.isOpen(at) {
		return nil
	}
	s.links[at.Connection].send(at.Channel, &wire.ChannelOpen{})
	got, err := s.mailbox.next(at)
	if err != nil {
		return err
	}
	switch got := got.(type) {
	case *wire.ChannelOpenOk:
		return nil
	case nil:
		return errEnded
	default:
		return fmt.Errorf("opening channel %v: got %s", at, describe(got))
	}
}

// errEnded says that the connection ended meanwhile.
var errEnded = errors.New("the connection ended while a channel was being opened")

// remember notes what a method brings into being.
func (s *Session) remember(at Place, m wire.Method) {
	switch m := m.(type) {
	case *wire.QueueDeclare:
		if !m.Passive && m.Queue != "" {
			s.know(m.Queue)
		}
		if m.Exclusive {
			s.owners[m.Queue] = at.Connection
		}
	case *wire.ExchangeDeclare:
		if !slices.Contains(s.exchanges, m.Exchange) {
			s.exchanges = append(s.exchanges, m.Exchange)
		}
	case *wire.ExchangeBind:
		s.bound = append(s.bound, m)
	}
}

func (s *Session) know(queue string) {
	if !slices.Contains(s.queues, queue) {
		s.queues = append(s.queues, queue)
		slices.Sort(s.queues)
	}
}

func (s *Session) forget(queue string) {
	s.queues = slices.DeleteFunc(s.queues, func(q string) bool { return q == queue })
	delete(s.owners, queue)
}

var generatedName = regexp.MustCompile(`amq\.(gen|ctag)-[A-Za-z0-9_-]{22}`)

// shown replaces the names that the broker made up.
func (s *Session) shown(text string) string {
	text = strings.ReplaceAll(text, s.actualName(), quorumName)
	text = strings.ReplaceAll(text, "vhost '"+s.vhost+"'", "vhost '/'")
	return generatedName.ReplaceAllStringFunc(text, func(name string) string {
		if known := s.names[name]; known != "" {
			return known
		}
		kind := name[:strings.Index(name, "-")]
		s.generated[kind]++
		s.names[name] = fmt.Sprintf("%s-%d", kind, s.generated[kind])
		return s.names[name]
	})
}

var shownName = regexp.MustCompile(`^amq\.(gen|ctag)-\d+$`)

// meant is the broker's name for one that transcripts show.
func (s *Session) meant(name string) string {
	if strings.HasPrefix(name, quorumName) {
		return s.actualName() + strings.TrimPrefix(name, quorumName)
	}
	if !shownName.MatchString(name) {
		return name
	}
	for actual, shown := range s.names {
		if shown == name {
			return actual
		}
	}
	return name
}

// sendable gives a method with the broker's own names.
func (s *Session) sendable(m wire.Method) wire.Method {
	m, err := wire.DecodeMethod(s.renamed(m.Append(nil)))
	if err != nil {
		panic("random: a step does not decode: " + err.Error())
	}
	switch m := m.(type) {
	case *wire.QueueDeclare:
		m.Queue = s.meant(m.Queue)
	case *wire.QueueBind:
		m.Queue = s.meant(m.Queue)
	case *wire.QueueUnbind:
		m.Queue = s.meant(m.Queue)
	case *wire.QueuePurge:
		m.Queue = s.meant(m.Queue)
	case *wire.QueueDelete:
		m.Queue = s.meant(m.Queue)
	case *wire.BasicConsume:
		m.Queue = s.meant(m.Queue)
	case *wire.BasicGet:
		m.Queue = s.meant(m.Queue)
	case *wire.BasicCancel:
		m.ConsumerTag = s.meant(m.ConsumerTag)
	case *wire.BasicPublish:
		m.RoutingKey = s.meant(m.RoutingKey)
	}
	return m
}

// show gives a command as transcripts show it.
func (s *Session) show(c command) string {
	switch m := c.method.(type) {
	case *broken:
		return m.err.Error()
	case *wire.QueueDeclareOk:
		s.know(m.Queue)
	}
	text := describe(c.method)
	if c.properties != nil {
		hideTimes(c.properties.Headers)
		text += " " + describeProperties(*c.properties) + fmt.Sprintf("%q", c.body)
	}
	return s.shown(text)
}

// leaveOutAtEnd drops what arrived on the channels of a connection that has ended. Its channels end one after the other,
// and one that is still there may get what another has given back.
func (m *mailbox) leaveOutAtEnd(connection int) {
	if m.open[Place{connection, 0}] || len(m.arrived[Place{connection, 0}]) == 0 {
		return
	}
	for channel := range uint16(channels) {
		delete(m.arrived, Place{connection, channel + 1})
	}
}

// inOrder moves confirms behind the rest. RabbitMQ's channels write them when there is nothing else to do: whether a
// message is delivered to its publisher before or after it is confirmed is a race. The end of a transaction is one, too.
func inOrder(all []command) []command {
	isConfirm := func(c command) bool {
		switch c.method.(type) {
		case *wire.BasicAck, *wire.BasicNack, *wire.TxCommitOk:
			return true
		}
		return false
	}
	return append(slices.DeleteFunc(slices.Clone(all), isConfirm),
		slices.DeleteFunc(slices.Clone(all), func(c command) bool { return !isConfirm(c) })...)
}

// hideTimes makes the times in x-death the same for all.
func hideTimes(headers wire.Table) {
	v, _ := headers.Get("x-death")
	deaths, _ := v.(wire.Array)
	for _, death := range deaths {
		t, _ := death.(wire.Table)
		for i := range t {
			if _, ok := t[i].Value.(wire.Timestamp); ok && t[i].Key == "time" {
				t[i].Value = wire.Timestamp(0)
			}
		}
	}
}

// collect takes what has arrived, but for the answers to probes.
func (s *Session) collect() map[Place][]string {
	m := s.mailbox
	m.mu.Lock()
	defer m.mu.Unlock()
	arrived := make(map[Place][]string)
	s.last = make(map[Place][]command)
	for i := range connections {
		m.leaveOutAtEnd(i)
	}
	for _, at := range places {
		if len(m.arrived[at]) > 0 {
			s.last[at] = m.arrived[at]
		}
		for _, c := range inOrder(m.arrived[at]) {
			arrived[at] = append(arrived[at], s.show(c))
		}
		delete(m.arrived, at)
	}
	return arrived
}
