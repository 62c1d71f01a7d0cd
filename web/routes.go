package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"clientele/oauth"
	"clientele/registry"
	"clientele/static"
	"clientele/views"
)

// routes is the table of contents: everything the server answers to.
func (s *Server) routes(e *echo.Echo) {
	all := area{e: e}
	all.get("/healthz", s.healthz)
	all.get("/readyz", s.readyz)
	all.get("/static/*", echo.WrapHandler(static.Handler()))

	// Other programs: no cookie counts, so other sites' pages may call.
	protocol := all.through(anyOrigin)
	protocol.post(oauth.TokenPath, s.token)
	protocol.post(oauth.RevokePath, s.revoke)
	protocol.get(oauth.UserInfoPath, s.userInfo)
	protocol.post(oauth.UserInfoPath, s.userInfo)
	protocol.get(oauth.JWKSPath, s.jwks)
	protocol.get(oauth.MetadataPath, s.authorizationServerMetadata)
	protocol.get(oauth.DiscoveryPath, s.openIDConfiguration)
	protocol.get(authZENConfigPath, s.authZENConfig)
	for _, path := range []string{oauth.TokenPath, oauth.RevokePath, oauth.UserInfoPath, oauth.JWKSPath, oauth.MetadataPath, oauth.DiscoveryPath, authZENConfigPath} {
		protocol.e.OPTIONS(path, preflight, anyOrigin)
	}
	all.post(oauth.IntrospectPath, s.introspect) // APIs ask, never a page
	all.through(noStore).post(oauth.AuthorizePath, s.postAuthorize)

	// People, signed in or not.
	pages := all.through(noStore, sameOrigin, s.recognize)
	pages.get("/setup", s.setupPage)
	pages.post("/setup", s.setup)
	pages.post("/setup/check", s.setupCheck)
	pages.get(registry.InvitationLink.Path(), s.openLinkPage)
	pages.post(registry.InvitationLink.Path(), s.openLink)
	pages.get(registry.ResetLink.Path(), s.openLinkPage)
	pages.post(registry.ResetLink.Path(), s.openLink)
	pages.get("/login", s.loginPage)
	pages.post("/login", s.login)
	pages.post("/logout", s.logout)
	pages.post("/theme", s.theme)
	pages.once(oauth.AuthorizePath, s.authorize)

	// People who are signed in. Use cases judge what each may do; an area
	// that someone may not even look at is not there for them.
	console := pages.through(signedIn)
	console.get("/", s.home)
	console.post(views.ConsentPath, s.answerConsent)

	// What is one's own, and everyone has.
	console.get(views.ProfilePath, s.profile)
	console.post(views.ProfilePath, s.updateProfile)
	console.get(views.ProfilePath+"/password", s.profile)
	console.post(views.ProfilePath+"/password", s.changePassword)
	console.get(views.OwnConsentsPath, s.ownConsents)
	console.get(views.OwnConsentsPath+"/revoke", s.revokeAllConsentsPage)
	console.post(views.OwnConsentsPath+"/revoke", s.revokeAllConsents)
	console.get(views.OwnConsentsPath+"/:consent/revoke", s.revokeConsentPage)
	console.post(views.OwnConsentsPath+"/:consent/revoke", s.revokeConsent)
	console.post(views.ProfilePath+"/sessions/end", s.endOtherSessions)
	console.post(views.ProfilePath+"/sessions/:session/end", s.endOwnSession)
	console.get(views.NoticesPath, s.notices)
	console.once(views.NoticesPath+"/:notice", s.openNotice)
	console.post(views.NoticesPath+"/read", s.readNotices)
	console.post(views.NoticesPath+"/mail", s.setNoticeMail)
	console.get("/logos/:file", s.logo)

	applications := console.through(s.viewingApplications)
	applications.get("/admin/applications", s.applications)
	applications.once("/admin/applications.csv", s.applicationsCSV)
	applications.get(views.NewClientPath, s.newClientPage)
	applications.post(views.NewClientPath, s.newClient)
	applications.post(views.NewClientPath+"/check", s.checkNewClient)
	applications.get(views.NewClientPath+"/:draft", s.draftDetailsPage)
	applications.post(views.NewClientPath+"/:draft", s.setDraftDetails)
	applications.get(views.NewClientPath+"/:draft/scopes", s.draftScopesPage)
	applications.post(views.NewClientPath+"/:draft/scopes", s.setDraftScopes)
	applications.get(views.NewKeyPath, s.newKeyPage)
	applications.post(views.NewKeyPath, s.newKey)
	applications.get("/admin/applications/disable", s.disableApplicationsPage)
	applications.post("/admin/applications/disable", s.disableApplications)
	applications.get("/admin/applications/delete", s.deleteApplicationsPage)
	applications.post("/admin/applications/delete", s.deleteApplications)
	applications.get("/admin/applications/:id", s.application)
	applications.get("/admin/applications/:id/edit", s.applicationEditPage)
	applications.post("/admin/applications/:id/edit", s.applicationEdit)
	applications.post("/admin/applications/:id/edit/check", s.applicationCheck)
	applications.get("/admin/applications/:id/scopes", s.applicationScopesPage)
	applications.post("/admin/applications/:id/scopes", s.applicationScopes)
	applications.get("/admin/applications/:id/scopes/review", s.applicationReview)
	applications.post("/admin/applications/:id/scopes/review", s.applicationSaveScopes)
	applications.get("/admin/applications/:id/networks", s.networksPage)
	applications.post("/admin/applications/:id/networks", s.setNetworks)
	applications.get("/admin/applications/:id/access", s.applicationAccess)
	applications.get("/admin/applications/:id/permissions", s.applicationPermissionsPage)
	applications.post("/admin/applications/:id/permissions", s.applicationGrant)
	applications.post("/admin/applications/:id/permissions/remove", s.applicationUngrant)
	applications.get("/admin/applications/:id/migrate", s.migratePage)
	applications.post("/admin/applications/:id/migrate", s.migrate)
	applications.get("/admin/applications/:id/regenerate", s.regeneratePage)
	applications.post("/admin/applications/:id/regenerate", s.regenerate)
	applications.get("/admin/applications/:id/secrets/new", s.newSecretPage)
	applications.post("/admin/applications/:id/secrets/new", s.newSecret)
	applications.get("/admin/applications/:id/secrets/:secret/edit", s.editSecretPage)
	applications.post("/admin/applications/:id/secrets/:secret/edit", s.editSecret)
	applications.get("/admin/applications/:id/secrets/:secret/pause", s.pauseSecretPage)
	applications.post("/admin/applications/:id/secrets/:secret/pause", s.pauseSecret)
	applications.get("/admin/applications/:id/secrets/:secret/resume", s.resumeSecretPage)
	applications.post("/admin/applications/:id/secrets/:secret/resume", s.resumeSecret)
	applications.get("/admin/applications/:id/secrets/:secret/end", s.endSecretPage)
	applications.post("/admin/applications/:id/secrets/:secret/end", s.endSecret)
	applications.get("/admin/applications/:id/disable", s.disableApplicationPage)
	applications.post("/admin/applications/:id/disable", s.disableApplication)
	applications.get("/admin/applications/:id/enable", s.enableApplicationPage)
	applications.post("/admin/applications/:id/enable", s.enableApplication)
	applications.get("/admin/applications/:id/delete", s.deleteApplicationPage)
	applications.post("/admin/applications/:id/delete", s.deleteApplication)
	applications.get("/admin/applications/:id/restore", s.restoreApplicationPage)
	applications.post("/admin/applications/:id/restore", s.restoreApplication)
	applications.get("/admin/applications/:id/secret", s.clientSecret)
	applications.get("/admin/applications/:id/connect", s.connectPage)
	applications.get("/admin/applications/:id/test", s.tryClientPage)
	applications.post("/admin/applications/:id/test", s.tryClient)
	applications.get("/admin/applications/:id/consents", s.applicationConsents)
	applications.once("/admin/applications/:id/consents.csv", s.applicationConsentsCSV)
	applications.get("/admin/applications/:id/consents/revoke", s.revokeAllConsentsOfPage)
	applications.post("/admin/applications/:id/consents/revoke", s.revokeAllConsentsOf)
	applications.get("/admin/applications/:id/consents/:consent/revoke", s.revokeConsentOfPage)
	applications.post("/admin/applications/:id/consents/:consent/revoke", s.revokeConsentOf)
	applications.get("/admin/applications/:id/owners", s.ownersPage)
	applications.post("/admin/applications/:id/owners", s.addOwner)
	applications.get("/admin/applications/:id/owners/:user/remove", s.removeOwnerPage)
	applications.post("/admin/applications/:id/owners/:user/remove", s.removeOwner)
	console.through(s.viewing(registry.ViewApplications)).get("/admin/scopes", s.scopes)

	users := console.through(s.viewing(registry.ViewUsers))
	users.get(views.UsersPath, s.users)
	users.once(views.UsersPath+".csv", s.usersCSV)
	users.get(views.UsersPath+"/new", s.inviteUserPage)
	users.post(views.UsersPath+"/new", s.inviteUser)
	users.get(views.UsersPath+"/:id", s.user)
	users.get(views.UsersPath+"/:id/access", s.userAccess)
	users.get(views.UsersPath+"/:id/link", s.userLink)
	for deed := range userDeeds { // disable, enable, sign-out, reset-password, invitation, withdraw, administrator, administrator/remove
		users.get(views.UsersPath+"/:id/"+string(deed), s.askUser(deed))
		users.post(views.UsersPath+"/:id/"+string(deed), s.changeUser(deed))
	}
	users.get(views.GroupsPath, s.groups)
	users.get(views.GroupsPath+"/new", s.newGroupPage)
	users.post(views.GroupsPath+"/new", s.newGroup)
	users.get(views.GroupsPath+"/:id", s.group)
	users.get(views.GroupsPath+"/:id/edit", s.editGroupPage)
	users.post(views.GroupsPath+"/:id/edit", s.editGroup)
	users.get(views.GroupsPath+"/:id/add", s.newMembersPage)
	users.post(views.GroupsPath+"/:id/add", s.addMember)
	users.get(views.GroupsPath+"/:id/members/:user/remove", s.removeMemberPage)
	users.post(views.GroupsPath+"/:id/members/:user/remove", s.removeMember)
	users.get(views.GroupsPath+"/:id/permissions/remove", s.removeGroupGrantPage)
	users.post(views.GroupsPath+"/:id/permissions/remove", s.removeGroupGrant)
	users.get(views.GroupsPath+"/:id/delete", s.deleteGroupPage)
	users.post(views.GroupsPath+"/:id/delete", s.deleteGroup)

	permissions := console.through(s.viewingPermissions)
	permissions.get("/admin/permissions", s.permissions)
	permissions.once("/admin/permissions.csv", s.permissionsCSV)
	permissions.get("/admin/permissions/why", s.whyPage)
	permissions.get("/admin/permissions/:service", s.permissionSubjects)
	permissions.get("/admin/permissions/:service/objects", s.permissionObjects)
	permissions.get("/admin/permissions/:service/templates", s.permissionTemplates)
	permissions.get("/admin/permissions/:service/granting", s.permissionGranting)
	for _, to := range []registry.Granting{registry.Standard, registry.Restricted} {
		permissions.get("/admin/permissions/:service/granting/"+string(to), s.setGrantingPage(to))
		permissions.post("/admin/permissions/:service/granting/"+string(to), s.setGranting(to))
	}
	permissions.get("/admin/permissions/:service/access", s.permissionHolders)
	permissions.get("/admin/permissions/:service/assign", s.pickSubjects)
	permissions.get("/admin/permissions/:service/assign/what", s.assignPage)
	permissions.post("/admin/permissions/:service/assign/what", s.assign)
	permissions.get("/admin/permissions/:service/change", s.changeGrantsPage(false))
	permissions.post("/admin/permissions/:service/change", s.changeGrants(false))
	permissions.get("/admin/permissions/:service/remove", s.changeGrantsPage(true))
	permissions.post("/admin/permissions/:service/remove", s.changeGrants(true))

	settings := console.through(s.viewing(registry.ManageSettings))
	settings.get(views.SettingsPath, s.teamPage)
	settings.post(views.SettingsPath, s.updateTeam)
	settings.get(views.NoticeRulesPath, s.noticeRules)
	settings.get(views.NoticeRulesPath+"/:kind", s.noticeRulePage)
	settings.post(views.NoticeRulesPath+"/:kind", s.setNoticeRule)
	settings.get(views.WebhooksPath, s.webhooks)
	settings.get(views.WebhooksPath+"/new", s.newWebhookPage)
	settings.post(views.WebhooksPath+"/new", s.newWebhook)
	settings.get(views.WebhooksPath+"/:webhook", s.webhook)
	settings.get(views.WebhooksPath+"/:webhook/edit", s.editWebhookPage)
	settings.post(views.WebhooksPath+"/:webhook/edit", s.editWebhook)
	settings.get(views.WebhooksPath+"/:webhook/secret", s.webhookSecret)
	settings.post(views.WebhooksPath+"/:webhook/test", s.testWebhook)
	settings.post(views.WebhooksPath+"/:webhook/deliveries/:delivery/again", s.resendDelivery)
	for page, deed := range webhookDeeds { // rotate, enable, disable, delete
		settings.get(views.WebhooksPath+"/:webhook/"+page, s.askOfWebhook(deed))
		settings.post(views.WebhooksPath+"/:webhook/"+page, s.changeWebhook(deed))
	}
	settings.get(views.RetentionPath, s.retentionPage)
	settings.post(views.RetentionPath, s.setRetention)
	settings.get(views.RetentionPath+"/shorten", s.shortenRetentionPage)
	settings.get(views.CredentialPolicyPath, s.credentialPolicyPage)
	settings.post(views.CredentialPolicyPath, s.setCredentialPolicy)

	auditLog := console.through(s.viewing(registry.ReadAuditLog))
	auditLog.get("/admin/audit-log", s.auditLog)
	auditLog.get("/admin/audit-log/:seq", s.auditEvent)
	auditLog.once("/admin/audit-log.csv", s.auditLogCSV)
	auditLog.once("/admin/audit-log.jsonl", s.auditLogJSONL)

	// The REST API: an access token counts, and nothing else.
	api := all.through(noStore)
	api.through(s.bearer).get("/api/v1/me", s.apiMe)
	api.through(s.bearer, s.scope("audit.log:read", "audit-log.read", registry.WholeAuditLog)).get("/api/v1/audit-log", s.listAuditEvents)
	api.through(s.bearer, s.scope(registry.MembersScope, "user.list", registry.AllUsers)).get("/api/v1/members", s.apiMembers)
	objects := api.through(s.bearer, s.scope(registry.ObjectsScope, "service.sync-objects", registry.WholeCatalogue))
	objects.put("/api/v1/services/:service/containers", s.apiPutContainers)
	objects.put("/api/v1/services/:service/containers/:container", s.apiPutContainer)
	objects.delete("/api/v1/services/:service/containers/:container", s.apiDeleteContainer)
	objects.put("/api/v1/services/:service/containers/:container/objects/:object", s.apiPutObject)
	objects.delete("/api/v1/services/:service/containers/:container/objects/:object", s.apiDeleteObject)
	api.through(s.bearer, s.scope("applications:read", "application.list", registry.AllApplications)).get("/api/v1/applications", s.apiApplications)
	api.through(s.bearer, s.scope("applications:read", "application.read", registry.AllApplications)).get("/api/v1/applications/:id", s.apiApplication)
	api.through(s.bearer, s.scope("authorization.permissions:read", "permission.list", registry.AllPermissions)).get("/api/v1/permissions", s.apiPermissions)
	asking := api.through(s.bearer, namedByAsker, s.scope("authorization.access:evaluate", "permission.evaluate", registry.AllPermissions))
	asking.post(evaluationPath, s.evaluate)
	asking.post(evaluationsPath, s.evaluateAll)
}

// area is a part of the site, whose requests pass the same middleware.
type area struct {
	e          *echo.Echo
	middleware []echo.MiddlewareFunc
}

// through returns the part of the area whose requests pass m as well.
func (a area) through(m ...echo.MiddlewareFunc) area {
	return area{a.e, append(a.middleware[:len(a.middleware):len(a.middleware)], m...)}
}

// get registers a page, which answers to HEAD as well.
func (a area) get(path string, h echo.HandlerFunc) {
	a.e.Match([]string{http.MethodGet, http.MethodHead}, path, h, a.middleware...)
}

// once registers what does not answer to HEAD, because asking for it does
// something: a download is recorded, an authorization request gets a code.
func (a area) once(path string, h echo.HandlerFunc) { a.e.GET(path, h, a.middleware...) }

func (a area) put(path string, h echo.HandlerFunc) { a.e.PUT(path, h, a.middleware...) }

func (a area) delete(path string, h echo.HandlerFunc) { a.e.DELETE(path, h, a.middleware...) }

func (a area) post(path string, h echo.HandlerFunc) { a.e.POST(path, h, a.middleware...) }
