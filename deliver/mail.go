package deliver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"clientele/registry"
)

// Mail sends messages by e-mail, through one mail server (RFC 5321).
type Mail struct {
	client *mail.Client
	from   string
	issuer string
	host   string // of Message-IDs
}

// NewMail returns what sends by the server that an address names:
// smtp://user:password@host:587?from=clientele@example.com, or smtps:// for TLS
// from the start. smtp:// is upgraded by STARTTLS, always where there is a
// password, unless the server is on this machine. Links in messages start with
// issuer. It fails with a sentence that says what to do, without the password.
func NewMail(address, issuer string) (*Mail, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("--smtp-url is no address of a mail server; give one such as smtp://user:password@mail.example.com:587?from=clientele@example.com, with special characters of the password percent-encoded")
	}
	from := u.Query().Get("from")
	m := &Mail{from: from, issuer: issuer, host: "localhost"}
	if err := mail.NewMsg().From(from); from == "" || err != nil {
		return nil, errors.New("--smtp-url names no sender; add ?from= and an e-mail address to its end")
	}
	if i, err := url.Parse(issuer); err == nil && i.Hostname() != "" {
		m.host = i.Hostname()
	}
	options := []mail.Option{mail.WithTimeout(within), mail.WithHELO(m.host), mail.WithTLSPolicy(mail.TLSOpportunistic), mail.WithoutNoop()}
	port, user, auth := 587, u.User.Username(), mail.SMTPAuthAutoDiscover
	if isHere(u.Hostname()) {
		auth = mail.SMTPAuthPlainNoEnc // no network is crossed
	}
	password, _ := u.User.Password()
	switch {
	case u.Scheme == "smtps":
		port, options = 465, append(options, mail.WithSSL())
	case user != "" && !isHere(u.Hostname()):
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if user != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(user), mail.WithPassword(password))
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("--smtp-url has no port from 1 to 65535")
		}
	}
	if m.client, err = mail.NewClient(u.Hostname(), append(options, mail.WithPort(port))...); err != nil {
		return nil, errors.New("--smtp-url cannot be used; give one such as smtp://user:password@mail.example.com:587?from=clientele@example.com")
	}
	return m, nil
}

func isHere(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Send sends a message and says how that went.
func (m *Mail) Send(ctx context.Context, d registry.DueDelivery) registry.Attempt {
	message := mail.NewMsg()
	if err := errors.Join(message.From(m.from), message.To(d.Email)); err != nil {
		return registry.Attempt{Answer: "Its address is none: " + clean(err.Error())}
	}
	message.SetMessageIDWithValue(d.ID + "@" + m.host)
	message.SetDateWithValue(d.Notice.At)
	subject, body := m.content(d)
	message.Subject(subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834
	message.SetBodyString(mail.TypeTextPlain, body)
	err := m.client.DialAndSendWithContext(ctx, message)
	if err != nil && !message.IsDelivered() { // it may have gone wrong after that
		return registry.Attempt{Status: smtpStatus(err), Answer: clean(hide(d.Link.Code, mailReason(err)))}
	}
	return registry.Attempt{Delivered: true, Status: 250}
}

// hide takes a code out of what a server answers, such as one that refuses a
// message for a link in it.
func hide(code registry.Secret, answer string) string {
	if code == (registry.Secret{}) {
		return answer
	}
	return strings.ReplaceAll(answer, code.Reveal(), "…")
}

// content is the subject and the text of a message.
func (m *Mail) content(d registry.DueDelivery) (subject, body string) {
	if d.Link.Kind != "" {
		return d.Link.Title(), d.Link.Text(m.issuer + d.Link.Path())
	}
	parts := []string{d.Notice.Text(d.Own)}
	if path := d.Notice.Path(d.Own); path != "" {
		parts = append(parts, m.issuer+path)
	}
	kind, _ := registry.NoticeTypeOf(d.Notice.Kind)
	why := "You get this because of the notice “" + kind.Name + "”. "
	if d.UserID != "" {
		why += "Turn these e-mails off in your profile:\n" + m.issuer + "/profile#notices"
	} else {
		why += "Administrators choose who is told, in Settings > Notices:\n" + m.issuer + "/admin/settings/notices"
	}
	return d.Title(), strings.Join(append(parts, "-- \n"+why), "\n\n") + "\n"
}

func smtpStatus(err error) int {
	if sent, ok := errors.AsType[*mail.SendError](err); ok {
		return sent.ErrorCode()
	}
	return 0
}

func mailReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "No answer: it took longer than 10 seconds"
	}
	if refused, ok := errors.AsType[*net.OpError](err); ok {
		return "No answer: " + refused.Error()
	}
	return err.Error()
}
