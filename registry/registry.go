// Package registry holds what Clientele knows and the rules it keeps: the
// catalogue of services, applications and their secrets, permissions and who
// holds them, people, and the audit log's events. It performs no I/O and reads
// no clock.
package registry
