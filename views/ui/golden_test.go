package ui_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/a-h/templ"

	"clientele/views/ui"
	"clientele/views/viewtest"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// TestParts holds every part in every state it has.
func TestParts(t *testing.T) {
	grants := []ui.Option{
		{Value: "client_credentials", Label: "Client credentials", Text: "A service that acts as itself", Icon: "server-cog"},
		{Value: "other", Label: "Other", Text: "Not yet", Icon: "users", Disabled: true},
	}
	wrong := map[string]string{"name": "Enter a name.", "grant": "Choose a grant.", "": "The draft is gone."}
	delete := ui.Dialog{Title: "Delete Ledger Sync?", Icon: "trash-2", Kind: ui.Danger, Action: "/delete", Cancel: "/", Submit: ui.Action{Text: "Delete application", Kind: ui.Danger}}
	modal := delete
	modal.Modal = true

	parts := map[string]templ.Component{
		"button":       ui.Button(ui.Action{Text: "Create", Kind: ui.Primary, Name: "go", Value: "on", IconEnd: "arrow-right"}),
		"button_icon":  ui.Button(ui.Action{Icon: "x", Label: "Close", Kind: ui.Ghost, Small: true}),
		"link_button":  ui.LinkButton(ui.Action{Text: "Cancel", Href: "/?a=1&b=2", Class: "hide-phone"}),
		"modal_button": ui.ModalButton(ui.Action{Text: "Delete…", Href: "/delete"}),
		"modal_link":   ui.ModalLink(ui.Action{Text: "Edit", Label: "Edit details", Href: "/edit"}),
		"unsafe_link":  ui.LinkButton(ui.Action{Text: "<b>", Href: `javascript:alert("1")`}),

		"text":           ui.TextField(ui.Field{Name: "name", Label: "Name", Value: `"quoted"`, Hint: "Shown to people.", Required: true, MaxLength: 80, Autofocus: true}),
		"text_wrong":     ui.TextField(ui.Field{Name: "name", Label: "Name", Hint: "Shown to people.", Error: "Enter a name.", Check: "/check"}),
		"text_confirm":   ui.TextField(ui.Field{Name: "name", ID: "confirm", Label: "Type Ledger Sync to confirm", Emphasis: "Ledger Sync"}),
		"area":           ui.TextArea(ui.Field{Name: "uris", Label: "Addresses", Value: "a\nb", Optional: true, Mono: true, Placeholder: "https://…"}),
		"password":       ui.PasswordField(ui.Field{Name: "password", Label: "Password", Value: "never shown", Autocomplete: "new-password"}),
		"file":           with(ui.FileField(ui.Field{Name: "logo", Label: "Logo", Accept: "image/png", Optional: true, Error: "Choose a PNG file.", Hint: "At most 1 MB."}), "<img/>"),
		"select":         ui.Select(ui.Field{Name: "method", Label: "Method", Value: "b", Options: []ui.Option{{Value: "a", Label: "A"}, {Value: "b", Label: "B"}}}),
		"checkbox":       ui.Checkbox(ui.Field{Name: "agree", Label: "Tell me", Checked: true, Hint: "By e-mail."}),
		"radio_cards":    ui.RadioCards(ui.Field{Name: "grant", Label: "Grant type", Value: "client_credentials", Options: grants}),
		"choices_wrong":  with(ui.Choices(ui.Field{Name: "grant", Label: "Grant type", Error: "Choose a grant.", Autofocus: true, Options: grants}), "<p>below</p>"),
		"form":           with(ui.Form(ui.FormProps{ID: "details", Action: "/new", Class: "card"}), "<p>fields</p>"),
		"form_files":     with(ui.Form(ui.FormProps{ID: "logo", Action: "/logo", Files: true}), "<p>fields</p>"),
		"errors":         ui.ErrorSummary(ui.Errors{Invalid: wrong, Order: []string{"grant", "name", "other"}}),
		"errors_none":    ui.ErrorSummary(ui.Errors{Order: []string{"name"}}),
		"dialog":         with(ui.DialogBody(delete), "<p>Sure?</p>"),
		"dialog_modal":   with(ui.DialogBody(modal), "<p>Sure?</p>"),
		"dialog_note":    with(ui.DialogNote(modal), "<p>No.</p>"),
		"heading":        with(ui.PageHead(ui.Heading{Title: "Applications", Text: "What may ask for tokens.", Icon: "app-window"}), "<a>Add</a>"),
		"heading_wizard": ui.PageHead(ui.Heading{Title: "Define scopes", Back: ui.Action{Text: "Applications", Href: "/"}, Progress: &ui.Progress{Current: 2, Steps: []ui.Step{{Text: "Details", Href: "/1"}, {Text: "Define scopes"}, {Text: "Done"}}}}),

		"callout":      with(ui.Callout(ui.Note{Title: "By the way"}), "<p>…</p>"),
		"callout_warn": with(ui.Callout(ui.Note{Kind: ui.Warn, Title: "Only now"}), "<p>…</p>"),
		"facts":        with(ui.FactList(), "<div></div>"),
		"fact":         with(ui.Fact("Client ID"), "<code>cl_1</code>"),
		"fact_empty":   ui.TextFact("Description", ""),
		"copy":         ui.CopyField(ui.Copy{ID: "secret", Label: "Client secret", Value: "cs_1", Hint: "Keep it safe."}),
		"code":         ui.CodeBlock(ui.Code{ID: "curl", Title: "Request a token", Text: "curl -d 'a&b' \\\n  https://…"}),
		"badge":        ui.StatusBadge(ui.Status{Kind: ui.OK, Text: "Active"}),
		"badge_short":  ui.StatusBadge(ui.Status{Kind: ui.Warn, Text: "Secret expires in 6 days", Short: "Expiring"}),
		"avatar":       ui.Avatar("demo admin"),
		"empty":        with(ui.EmptyState(ui.Empty{Icon: "search", Title: "Nothing matches", Text: "Try another word."}), "<a>Clear</a>"),
		"toast":        ui.Toast("Saved."),
		"chart":        ui.BarChart(ui.Chart{ID: "tokens", Title: "Tokens per day", Text: "30 in 3 days", Bars: []ui.Bar{{Label: "22 Nov", Value: 20}, {Label: "23 Nov", Value: 0}, {Label: "24 Nov", Value: 10}}}),
		"chart_empty":  ui.BarChart(ui.Chart{ID: "tokens", Title: "Tokens per day", Text: "None yet"}),

		"menu":       with(ui.Menu(ui.Popover{ID: "new", Wide: true, Button: ui.Action{Text: "Add", Icon: "plus", Kind: ui.Primary}}), "<a>item</a>"),
		"row_menu":   with(ui.RowMenu("menu-1", "Actions for Ledger Sync"), "<a>item</a>"),
		"menu_link":  ui.MenuLink(ui.Action{Text: "Edit", Icon: "pencil", Href: "/edit"}),
		"menu_modal": ui.MenuModal(ui.Action{Text: "Delete…", Icon: "trash-2", Href: "/delete", Kind: ui.Danger}),
		"menu_post":  ui.MenuPost(ui.Action{Text: "Sign out", Icon: "log-out", Href: "/logout"}),
		"menu_tile":  ui.MenuTile(ui.Entry{Href: "/new", Icon: "server-cog", Title: "OAuth Client", Text: "Gets tokens"}),
		"theme":      ui.ThemeSwitch(ui.Theme{Current: "dark", Back: "/?a=1"}),

		"tabs":        ui.Tabs(ui.TabBar{Label: "Origin", Tabs: []ui.Tab{{Text: "All", Href: "/", Count: "1,000+", Current: true}, {Text: "Team", Href: "/?tab=team"}}}),
		"search":      with(ui.SearchBox(ui.Search{Action: "/apps", Target: "apps", Keep: []ui.Param{{"tab", "team"}, {"sort", ""}}, Value: "led", Label: "Search applications", Placeholder: "Name", Clear: "/apps"}), "<i></i>"),
		"filter":      ui.Filter(ui.Field{Name: "status", Label: "Status", Value: "active", Options: []ui.Option{{Value: "", Label: "Any status"}, {Value: "active", Label: "Active"}}}),
		"filter_text": ui.TextFilter(ui.Field{Name: "actor", Label: "Who"}),
		"filter_date": ui.DateFilter(ui.Field{Name: "from", Label: "From", Value: "2026-11-24"}),
		"table":       with(ui.Table("Applications"), "<tbody></tbody>"),
		"sort":        ui.SortHeader(ui.Sort{Text: "Last used", Key: "used", Current: "-used", Descending: true, Href: sorted, Class: "hide-phone"}),
		"row":         ui.RowHead(ui.Row{Href: "/app", Icon: "server-cog", Name: "Ledger Sync", Sub: "cl_1", Phone: "OAuth client · Never", Locked: true}),
		"pager":       ui.Pager(ui.Pages{Text: "1–50 of 312", Next: "/?after=50"}),
		"pager_one":   ui.Pager(ui.Pages{Text: "3 applications"}),

		"picker": with(ui.Picker(ui.PickBar{Filter: "Filter scopes", Selected: 2}), "<fieldset></fieldset>"),
		"group": with(ui.PickGroup(ui.Group{Name: "scopes", Title: "Audit log", Text: "Who did what", Items: []ui.Item{
			{Value: "audit.log:read", Title: "Read the audit log", Text: "Opens GET /api/v1/audit-log.", Checked: true},
			{Value: "audit.log:all", Text: "All of it.", Locked: true, Badge: ui.Status{Kind: ui.Warn, Text: "Gone"}},
			{Value: "openid", Text: "Sign in.", Mark: ui.Mark{Name: "required", Text: "Always required", Checked: true, Locked: true}},
			{Value: "profile", Text: "Name.", Checked: true, Mark: ui.Mark{Name: "required", Text: "Required"}},
		}}), `<div class="scope-extra"></div>`),

		"time":       ui.Time(noon.Add(-2*time.Minute), noon),
		"time_never": ui.Time(time.Time{}, noon),
		"time_exact": ui.ExactTime(noon),
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, part) })
	}
}

func sorted(sort string) string { return "/?sort=" + sort }

// with gives a part the HTML as its children.
func with(part templ.Component, children string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return part.Render(templ.WithChildren(ctx, templ.Raw(children)), w)
	})
}

func TestUnknownIconFailsThePage(t *testing.T) {
	if err := ui.Icon("no-such-icon").Render(t.Context(), io.Discard); err == nil {
		t.Error("got no error for an unknown icon, want one")
	}
}
