// Package ui is the console's design system: the parts that pages are made of,
// in the classes of static/css/app.css. It knows no domain. Every part takes one
// props value and works without script; hx-* attributes only repeat what a link
// or form does anyway.
//
// A page in a card:
//
//	@Layout(s) {
//		<div class="page page-form">
//			@ui.PageHead(ui.Heading{
//				Title: "New application", Text: "Tell us what it is.",
//				Back: ui.Action{Text: "Applications", Href: "/admin/applications"},
//				Progress: &ui.Progress{Current: 1, Steps: []ui.Step{{Text: "Details"}, {Text: "Define scopes"}}},
//			})
//			@ui.Form(ui.FormProps{ID: "details", Action: "/admin/…", Class: "card"}) {
//				@ui.ErrorSummary(ui.Errors{Invalid: f.Invalid, Order: []string{"name", "grant"}})
//				@ui.RadioCards(ui.Field{Name: "grant", Label: "Grant type", Value: f.Input.Grant, Options: grants})
//				<div class="section">
//					@ui.TextField(ui.Field{Name: "name", Label: "Name", Value: f.Input.Name, Error: f.Invalid["name"],
//						Hint: "People see it everywhere.", Required: true, MaxLength: 80, Check: "/admin/…/check"})
//					@ui.TextArea(ui.Field{Name: "description", Label: "Description", Optional: true, …})
//				</div>
//				<div class="card-foot">
//					@ui.LinkButton(ui.Action{Text: "Cancel", Href: "/admin/…", Kind: ui.Ghost})
//					@ui.Button(ui.Action{Text: "Define scopes", IconEnd: "arrow-right", Kind: ui.Primary})
//				</div>
//			}
//		</div>
//	}
//
// Form posts by htmx too: answer errors with the whole page and 422, it takes
// the form out of it; answer success with web's redirect. Field.Check is posted
// the same way when one leaves the field; answer 200 with the whole page or just
// the field, right or wrong, and it takes the one field out of it. PasswordField,
// Select, Checkbox and Choices take a Field as well.
//
// Other parts of a card:
//
//	<section class="section" aria-labelledby="facts">
//		@ui.SectionHead("facts", "Details") { @ui.ModalLink(ui.Action{Text: "Edit", …}) }
//		@ui.FactList() {
//			@ui.TextFact("Name", app.Name)
//			@ui.Fact("Last used") { @ui.Time(app.LastUsed, now) }
//		}
//		@ui.Callout(ui.Note{Kind: ui.Warn, Title: "It holds no permissions"}) { <p>…</p> }
//		@ui.CopyField(ui.Copy{ID: "client-id", Label: "Client ID", Value: id})
//		@ui.CodeBlock(ui.Code{ID: "curl", Title: "Request a token", Text: curl})
//		@ui.BarChart(ui.Chart{Title: "Tokens per day", Text: "412 in 30 days", Bars: bars})
//	</section>
//
// A list. SearchBox stands in what it replaces; htmx takes it out of the page:
//
//	<div id="apps">
//		<div class="toolbar">
//			@ui.Tabs(ui.TabBar{Label: "Origin", Tabs: []ui.Tab{{Text: "All", Href: "…", Count: "1,000+", Current: true}}})
//			@ui.SearchBox(ui.Search{Action: "/admin/applications", Target: "apps", Value: q, Label: "Search applications",
//				Keep: []ui.Param{{"tab", tab}, {"sort", sort}}, Clear: "/admin/applications"}) {
//				@ui.Filter(ui.Field{Name: "status", Label: "Status", Value: status, Options: []ui.Option{{Value: "", Label: "Any status"}, …}})
//			}
//		</div>
//		@ui.Table("Applications") {
//			<thead><tr>
//				@ui.SortHeader(ui.Sort{Text: "Name", Key: "name", Current: sort, Href: q.sortedBy})
//				<th scope="col" class="num hide-tablet">Scopes</th>
//				<th scope="col" class="cell-menu"><span class="vh">Actions</span></th>
//			</tr></thead>
//			<tbody><tr class={ templ.KV("is-off", disabled) }>
//				@ui.RowHead(ui.Row{Href: "…", Icon: "key-round", Name: name, Sub: id, Phone: "OAuth client · 2 min ago"})
//				<td class="num muted hide-tablet">8</td>
//				<td>@ui.StatusBadge(ui.Status{Kind: ui.Warn, Text: "Secret expires in 6 days", Short: "Expiring"})</td>
//				<td class="cell-menu">
//					@ui.RowMenu("menu-"+id, "Actions for "+name) {
//						@ui.MenuModal(ui.Action{Text: "Regenerate secret…", Icon: "refresh-cw", Href: "…"})
//						@ui.MenuLink(ui.Action{Text: "Edit", Icon: "pencil", Href: "…"})
//						@ui.MenuLine()
//						@ui.MenuModal(ui.Action{Text: "Delete…", Icon: "trash-2", Href: "…", Kind: ui.Danger})
//					}
//				</td>
//			</tr></tbody>
//		}
//		@ui.Pager(ui.Pages{Text: "1–50 of 312", Next: "…"})
//	</div>
//
// with @ui.EmptyState(ui.Empty{Icon: "search", Title: "No applications match"}) { … }
// in place of the table when there is nothing.
//
// A menu button, with tiles: @ui.Menu(ui.Popover{ID: "new", Wide: true, Button:
// ui.Action{Text: "Add new application", Icon: "plus", IconEnd: "chevron-down", Kind: ui.Primary}})
// { @ui.MenuTile(ui.Entry{…}) }.
//
// A question before something is done is a page made with views.Confirm, opened
// by ModalLink, ModalButton or MenuModal:
//
//	@Confirm(s, ui.Dialog{Title: "Delete " + name + "?", Icon: "trash-2", Kind: ui.Danger, Action: "/…/delete",
//		Submit: ui.Action{Text: "Delete application", Kind: ui.Danger}, Cancel: "/admin/applications"}) {
//		<p>Its tokens stop working now.</p>
//		@ui.TextField(ui.Field{Name: "name", Label: "Type " + name + " to confirm", Emphasis: name, Autofocus: true, …})
//	}
//
// Boxes to tick, in groups with "select all" and a filter, inside a Form:
//
//	@ui.Picker(ui.PickBar{Filter: "Filter scopes", Selected: 3}) {
//		@ui.PickGroup(ui.Group{Name: "scopes", Title: "Audit log", Text: "Who did what", Items: items}) {
//			<div class="scope-extra"> @ui.Select(…) </div>
//		}
//	}
//
// Widths are set by class: page (lists), page-form, page-narrow. hide-phone,
// hide-tablet and only-phone hide; needs-js and no-js follow script; muted,
// nowrap, mono, num and vh (for screen readers only) style.
package ui
