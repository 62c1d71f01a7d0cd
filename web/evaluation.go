package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// Where other programs ask for decisions (AuthZEN Authorization API 1.0), and
// where they learn that.
const (
	evaluationPath    = "/access/v1/evaluation"
	evaluationsPath   = "/access/v1/evaluations"
	authZENConfigPath = "/.well-known/authzen-configuration"
)

// evaluationJSON is a question as it is sent. Properties of subject, action and
// resource, and what else is in the context, decide nothing here.
type evaluationJSON struct {
	Subject  *entityJSON       `json:"subject"`
	Action   *actionJSON       `json:"action"`
	Resource *entityJSON       `json:"resource"`
	Context  *askedContextJSON `json:"context"`
}

type entityJSON struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type actionJSON struct {
	Name string `json:"name"`
}

// askedContextJSON limits a question to what tokens open.
type askedContextJSON struct {
	Scope    string `json:"scope"`     // that the token has to carry
	ClientID string `json:"client_id"` // whom the user's token was issued to
}

// evaluationsJSON are several questions, of which the members beside them are
// the defaults.
type evaluationsJSON struct {
	evaluationJSON

	Evaluations []evaluationJSON `json:"evaluations"`
	Options     struct {
		Semantics registry.Semantics `json:"evaluations_semantic"`
	} `json:"options"`
}

// decisionJSON is an answer.
type decisionJSON struct {
	Decision bool                `json:"decision"`
	Context  decisionContextJSON `json:"context"`
}

type decisionContextJSON struct {
	Reason            string                `json:"reason"` // a sentence
	Code              registry.AccessReason `json:"code"`
	MissingScope      string                `json:"missing_scope,omitempty"`
	MissingPermission *missingPermission    `json:"missing_permission,omitempty"`
}

// namedByAsker lets whoever asks name the request, by which both find it again.
// It is for callers that are known.
func namedByAsker(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if id := c.Request().Header.Get(requestIDHeader); wellFormedRequestID.MatchString(id) {
			c.Response().Header().Set(requestIDHeader, id)
			act(c, actor(c))
		}
		return next(c)
	}
}

// evaluate handles POST /access/v1/evaluation.
func (s *Server) evaluate(c echo.Context) error {
	var sent evaluationJSON
	if err := jsonBody(c, &sent); err != nil {
		return err
	}
	invalid := registry.Invalid{}
	question := sent.question("", invalid)
	if len(invalid) > 0 {
		return invalid
	}
	answers, err := s.decide(c, []registry.AccessQuestion{question}, registry.ExecuteAll)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answers[0])
}

// evaluateAll handles POST /access/v1/evaluations. Without several questions it
// is the same as asking one.
func (s *Server) evaluateAll(c echo.Context) error {
	var sent evaluationsJSON
	if err := jsonBody(c, &sent); err != nil {
		return err
	}
	questions, invalid := sent.questions()
	if len(invalid) > 0 {
		return invalid
	}
	answers, err := s.decide(c, questions, sent.Options.Semantics)
	if err != nil {
		return err
	}
	if len(sent.Evaluations) == 0 {
		return c.JSON(http.StatusOK, answers[0])
	}
	return c.JSON(http.StatusOK, map[string][]decisionJSON{"evaluations": answers})
}

// decide answers questions, and keeps why something was refused for whoever
// looks for the request's ID.
func (s *Server) decide(c echo.Context, asked []registry.AccessQuestion, semantics registry.Semantics) ([]decisionJSON, error) {
	ctx := c.Request().Context()
	answers, err := s.Store.Evaluate(ctx, actor(c), asked, semantics)
	if err != nil {
		return nil, err
	}
	catalogue, err := s.Store.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	var said []decisionJSON
	for _, a := range answers {
		d := decisionJSON{a.Allowed, decisionContextJSON{Reason: reason(a, catalogue), Code: a.Reason, MissingScope: a.MissingScope}}
		if a.MissingPermission != (registry.Permission{}) {
			m := named(a.MissingPermission, catalogue)
			d.Context.MissingPermission = &m
		}
		if !a.Allowed {
			s.Store.Refused(registry.Refusal{AccessQuestion: a.Question, RequestID: requestID(c), At: s.Now(), Asked: "POST " + c.Path(), AskedBy: actor(c).ID})
		}
		said = append(said, d)
	}
	return said, nil
}

// reason says in a sentence why a question was answered so. Of the subject it
// says no more than was asked.
func reason(a registry.Access, c registry.Catalogue) string {
	q := a.Question
	switch a.Reason {
	case registry.AccessGranted:
		return granted(a.By, c)
	case registry.UnknownSubject:
		return fmt.Sprintf("There is no %s of that ID.", q.Subject.Type)
	case registry.SubjectDisabled:
		return fmt.Sprintf("The %s is disabled.", q.Subject.Type)
	case registry.UnknownPermission:
		return fmt.Sprintf("The catalogue has no permission %s.", q.Permission)
	case registry.ScopeMissing:
		if q.Subject.Type == registry.ApplicationSubject {
			return fmt.Sprintf("The application is not registered for the scope %s.", a.MissingScope)
		}
		if q.ClientID == "" {
			return "A user has scopes only through an application. Name it in context.client_id."
		}
		return fmt.Sprintf("The user did not consent to the scope %s for that application, or it is not registered for it.", a.MissingScope)
	default:
		m := named(a.MissingPermission, c)
		text := fmt.Sprintf("The %s lacks the permission %s of the service %s (%s)", q.Subject.Type, m.Name, m.ServiceName, a.MissingPermission)
		if q.Object != "" {
			text += " there"
		}
		if a.MissingPermission != q.Permission {
			return fmt.Sprintf("%s, without which %s means nothing.", text, named(q.Permission, c).Name)
		}
		return text + "."
	}
}

// granted says where a permission comes from.
func granted(by registry.Held, c registry.Catalogue) string {
	service, _ := c.Service(by.Permission.Service)
	text := "Given"
	if template, known := service.Template(by.Template); known {
		text += " by the template " + template.Name
	}
	if by.GroupName != "" {
		text += " to the group " + by.GroupName
	}
	object, _ := service.ObjectName(by.Object)
	if by.Object == "" {
		object = "the whole service"
	}
	return text + " on " + object + "."
}

// question returns what is asked, and notes what is wrong with it by its place
// in the body.
func (e evaluationJSON) question(at string, invalid registry.Invalid) registry.AccessQuestion {
	wrong := func(member, message string) {
		if _, told := invalid[at+member]; !told {
			invalid[at+member] = message
		}
	}
	var q registry.AccessQuestion
	if e.Subject == nil || e.Subject.Type == "" || e.Subject.ID == "" {
		wrong("subject", `Name the subject: {"type": "user" or "application", "id": …}.`)
	} else {
		q.Subject = registry.Subject{Type: registry.SubjectType(e.Subject.Type), ID: e.Subject.ID}
	}
	if e.Action == nil || e.Action.Name == "" {
		wrong("action", `Name the action: {"name": the key of a permission}.`)
	} else {
		q.Permission.Key = e.Action.Name
	}
	if e.Resource == nil || e.Resource.Type == "" || e.Resource.ID == "" {
		wrong("resource", `Name the resource: {"type": the key of a service, "id": "*", a container, or container/object}.`)
	} else {
		q.Permission.Service, q.Object = e.Resource.Type, strings.TrimSuffix(e.Resource.ID, "*")
		if !registry.IsObject(q.Object) {
			wrong("resource.id", `Send "*" for the whole service, or the key of a container, or container/object.`)
		}
	}
	if e.Context != nil {
		q.Scope, q.ClientID = e.Context.Scope, e.Context.ClientID
	}
	for member, text := range map[string]string{
		"subject.id": q.Subject.ID, "action.name": q.Permission.Key, "resource.type": q.Permission.Service, "context.scope": q.Scope, "context.client_id": q.ClientID,
	} {
		if len(text) > 300 || !isText(text) {
			wrong(member, "Send text of at most 300 bytes.")
		}
	}
	return q
}

// questions returns all that is asked, or what is wrong with it.
func (e evaluationsJSON) questions() ([]registry.AccessQuestion, registry.Invalid) {
	invalid := registry.Invalid{}
	switch e.Options.Semantics {
	case "", registry.ExecuteAll, registry.DenyOnFirstDeny, registry.PermitOnFirstPermit:
	default:
		invalid["options.evaluations_semantic"] = fmt.Sprintf("Choose %s, %s or %s.", registry.ExecuteAll, registry.DenyOnFirstDeny, registry.PermitOnFirstPermit)
	}
	if len(e.Evaluations) > registry.MostQuestions {
		invalid["evaluations"] = fmt.Sprintf("Ask at most %d questions at once.", registry.MostQuestions)
		return nil, invalid
	}
	if len(e.Evaluations) == 0 {
		return []registry.AccessQuestion{e.question("", invalid)}, invalid
	}
	questions := make([]registry.AccessQuestion, len(e.Evaluations))
	for i, one := range e.Evaluations {
		questions[i] = one.or(e.evaluationJSON).question(fmt.Sprintf("evaluations[%d].", i), invalid)
	}
	return questions, invalid
}

// or returns the question with the defaults for what it leaves out.
func (e evaluationJSON) or(defaults evaluationJSON) evaluationJSON {
	if e.Subject == nil {
		e.Subject = defaults.Subject
	}
	if e.Action == nil {
		e.Action = defaults.Action
	}
	if e.Resource == nil {
		e.Resource = defaults.Resource
	}
	if e.Context == nil {
		e.Context = defaults.Context
	}
	return e
}

// authZENConfig handles GET /.well-known/authzen-configuration.
func (s *Server) authZENConfig(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", forFiveMinutes)
	return c.JSON(http.StatusOK, map[string]string{
		"policy_decision_point":       s.Issuer,
		"access_evaluation_endpoint":  s.Issuer + evaluationPath,
		"access_evaluations_endpoint": s.Issuer + evaluationsPath,
	})
}

// named returns a permission with its names, as answers tell of one that is missing.
func named(p registry.Permission, c registry.Catalogue) missingPermission {
	m := missingPermission{Service: p.Service, ServiceName: p.Service, Key: p.Key, Name: p.Key}
	if service, known := c.Service(p.Service); known {
		m.ServiceName = service.Name
		if permission, known := service.Permission(p.Key); known {
			m.Name = permission.Name
		}
	}
	return m
}
