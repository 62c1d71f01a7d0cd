package deliver_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/deliver"
	"clientele/registry"
)

// mailServer is a mail server (RFC 5321) that keeps what it accepted.
type mailServer struct {
	net.Listener
	password string // PLAIN is asked for when there is one
	refuse   func(from, to string) (answer string)

	mu       sync.Mutex
	messages []mailMessage
	open     map[net.Conn]bool
}

type mailMessage struct {
	From, To string
	*mail.Message
	Text string
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	s := &mailServer{open: map[net.Conn]bool{}}
	s.listen(t, "127.0.0.1:0")
	t.Cleanup(s.stop)
	return s
}

func (s *mailServer) listen(t *testing.T, address string) {
	t.Helper()
	var err error
	if s.Listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	go func(listener net.Listener) {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[c] = true
			s.mu.Unlock()
			go s.serve(c)
		}
	}(s.Listener)
}

// stop ends it at once, with all that it was just receiving.
func (s *mailServer) stop() {
	_ = s.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

func (s *mailServer) serve(c net.Conn) {
	defer func() {
		_ = c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	in := bufio.NewReader(c)
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 mail.example.com")
	var message mailMessage
	known := s.password == ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			if s.password != "" {
				say("250-mail.example.com")
				say("250 AUTH PLAIN")
			} else {
				say("250 mail.example.com")
			}
		case "AUTH":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if known = strings.HasSuffix(string(plain), "\x00"+s.password); known {
				say("235 welcome")
			} else {
				say("535 wrong password")
			}
		case "MAIL":
			if !known {
				say("530 who are you")
				continue
			}
			message.From = between(rest, "<", ">")
			say("250 ok")
		case "RCPT":
			message.To = between(rest, "<", ">")
			if s.refuse != nil {
				if answer := s.refuse(message.From, message.To); answer != "" {
					say(answer)
					continue
				}
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(line, "."))
			}
			if message.Message, err = mail.ReadMessage(strings.NewReader(text.String())); err != nil {
				say("554 no message")
				continue
			}
			body, _ := io.ReadAll(quotedprintable.NewReader(message.Body))
			message.Text = string(body)
			s.mu.Lock()
			s.messages = append(s.messages, message)
			s.mu.Unlock()
			say("250 accepted")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func between(text, start, end string) string {
	_, text, _ = strings.Cut(text, start)
	text, _, _ = strings.Cut(text, end)
	return text
}

func TestNewMail(t *testing.T) {
	for address, want := range map[string]string{
		"": "no address of a mail server", "mail.example.com": "no address of a mail server", "http://mail.example.com?from=a@example.com": "no address of a mail server",
		"smtp://u:pass%zzword@mail.example.com?from=a@example.com": "no address of a mail server", "smtp://u:password@mail.example.com": "no sender",
		"smtp://u:password@mail.example.com?from=nobody": "no sender", "smtp://mail.example.com:99999?from=a@example.com": "no port",
		"smtp://u:password@mail.example.com?from=a@example.com": "", "smtps://mail.example.com:2465?from=Clientele+%3Ca@example.com%3E": "", "smtp://[::1]:25?from=a@example.com": "",
	} {
		_, err := deliver.NewMail(address, "https://console.example.com")
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: got %v, want none", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass%zzword")):
			t.Errorf("%s: got %v, want %q and no password", address, err, want)
		}
	}
}

func TestSendMail(t *testing.T) {
	server := newMailServer(t)
	server.password = "p@ss"
	at := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	d := registry.DueDelivery{Delivery: registry.Delivery{ID: "msg_1", Email: "user@example.com", At: at, Notice: registry.Notice{
		ID: "nt_1", Kind: registry.NoticeApplicationCreated, At: at, Actor: registry.Actor{Name: "Demo Admin"}, Target: registry.Target{Type: "application", ID: "cl_1", Name: "Ledger Sync"},
	}}}
	send := func(user string) registry.Attempt {
		t.Helper()
		m, err := deliver.NewMail("smtp://"+user+server.Addr().String()+"?from=clientele@example.com", "https://console.example.com")
		if err != nil {
			t.Fatal(err)
		}
		return m.Send(t.Context(), d)
	}
	if how := send("u:p%40ss@"); how != (registry.Attempt{Delivered: true, Status: 250}) {
		t.Fatalf("got %+v, want it accepted", how)
	}
	got := server.messages[0]
	for name, want := range map[string]string{
		"Message-Id": "<msg_1@console.example.com>", "Subject": "Application created: Ledger Sync", "To": "<user@example.com>", "From": "<clientele@example.com>", "Auto-Submitted": "auto-generated", "Date": at.Format(time.RFC1123Z),
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if got.To != "user@example.com" || !strings.Contains(got.Text, "Demo Admin registered it.") || !strings.Contains(got.Text, "https://console.example.com/admin/applications/cl_1") {
		t.Errorf("got %s %s, want what happened and where to look", got.To, got.Text)
	}
	for user, want := range map[string]string{"u:wrong@": "wrong password", "": "who are you"} {
		if how := send(user); how.Delivered || !strings.Contains(how.Answer, want) || strings.Contains(how.Answer, "u:wrong") {
			t.Errorf("%q: got %+v, want it refused", user, how)
		}
	}
	server.refuse = func(_, to string) string { return "550 5.1.1 no " + to + " here" }
	if how := send("u:p%40ss@"); how.Delivered || how.Status != 550 || !strings.Contains(how.Answer, "no user@example.com here") {
		t.Errorf("got %+v, want what the server said", how)
	}
	server.stop()
	if how := send("u:p%40ss@"); how.Delivered || how.Status != 0 || !strings.Contains(how.Answer, "connection refused") {
		t.Errorf("got %+v from no server", how)
	}
}

// An e-mail says why it came, and where to have no more of them.
func TestMailSaysWhy(t *testing.T) {
	server := newMailServer(t)
	m, err := deliver.NewMail("smtp://"+server.Addr().String()+"?from=clientele@example.com", "https://console.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]string{
		"us_1": "Turn these e-mails off in your profile:\r\nhttps://console.example.com/profile#notices",
		"":     "Administrators choose who is told, in Settings > Notices:\r\nhttps://console.example.com/admin/settings/notices",
	} {
		d := registry.DueDelivery{Delivery: registry.Delivery{ID: "msg_1", Email: "user@example.com", UserID: user, Notice: registry.Notice{ID: "nt_1", Kind: registry.NoticeSecretExpired}}}
		if how := m.Send(t.Context(), d); !how.Delivered {
			t.Fatalf("got %+v, want it accepted", how)
		}
		if got := server.messages[len(server.messages)-1].Text; !strings.Contains(got, "because of the notice “Secret expired”. "+want) {
			t.Errorf("%q: got %s, want %q", user, got, want)
		}
	}
}

// A link is in the message that hands it over, and nowhere else.
func TestSendLink(t *testing.T) {
	server := newMailServer(t)
	m, err := deliver.NewMail("smtp://"+server.Addr().String()+"?from=clientele@example.com", "https://console.example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind    registry.LinkKind
		subject string
		says    []string
	}{
		{registry.InvitationLink, "Your invitation to Harbor Team", []string{"Demo Admin invites you to Harbor Team.", "https://console.example.com/invitation?code=c0de", "ignore it"}},
		{registry.ResetLink, "Choose a new password for Harbor Team", []string{"Demo Admin reset your password for Harbor Team", "https://console.example.com/new-password?code=c0de", "may ignore it"}},
	} {
		link := registry.UserLink{
			Kind: tt.kind, Code: registry.ParseSecret("c0de"), User: registry.User{Name: "Zoë"}, Team: "Harbor Team", By: "Demo Admin",
			ExpiresAt: time.Date(2026, time.June, 8, 12, 0, 0, 0, time.UTC),
		}
		d := registry.DueDelivery{Delivery: registry.Delivery{ID: "msg_1", Email: "zoe@example.com"}, Link: link}
		if how := m.Send(t.Context(), d); !how.Delivered {
			t.Fatalf("got %+v, want it accepted", how)
		}
		got := server.messages[len(server.messages)-1]
		if got.Header.Get("Subject") != tt.subject || got.Header.Get("Message-Id") != "<msg_1@console.example.com>" || got.To != "zoe@example.com" {
			t.Errorf("%s: got %v to %s", tt.kind, got.Header, got.To)
		}
		for _, says := range append(tt.says, "Hello Zoë,", "works once, until 8 Jun 2026, 12:00 UTC") {
			if !strings.Contains(got.Text, says) {
				t.Errorf("%s: got %s, want %q in it", tt.kind, got.Text, says)
			}
		}
		server.refuse = func(_, _ string) string { return "554 5.7.1 bad link " + link.Path() }
		if how := m.Send(t.Context(), d); how.Delivered || how.Status != 554 || !strings.Contains(how.Answer, "bad link") || strings.Contains(how.Answer, "c0de") {
			t.Errorf("%s: got %+v, want what the server said without the code", tt.kind, how)
		}
		server.refuse = nil
	}
}
