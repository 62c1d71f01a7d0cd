package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// apiPutContainers handles PUT /api/v1/services/{service}/containers: the whole list.
func (s *Server) apiPutContainers(c echo.Context) error {
	var in struct {
		Containers []registry.Container `json:"containers"`
	}
	if err := exactJSON(c, &in); err != nil {
		return err
	}
	if in.Containers == nil {
		return registry.Invalid{"containers": "List the containers; an empty list removes all."}
	}
	return s.syncObjects(c, registry.AllContainers(in.Containers), nil)
}

// apiPutContainer handles PUT /api/v1/services/{service}/containers/{container}.
func (s *Server) apiPutContainer(c echo.Context) error {
	var in struct {
		Name string `json:"name"`
	}
	if err := exactJSON(c, &in); err != nil {
		return err
	}
	one := registry.Container{Key: c.Param("container"), Name: in.Name}
	return s.syncObjects(c, registry.PutContainer(one.Key, one.Name), registry.CheckContainers([]registry.Container{one}))
}

// apiDeleteContainer handles DELETE /api/v1/services/{service}/containers/{container}.
func (s *Server) apiDeleteContainer(c echo.Context) error {
	return s.syncObjects(c, registry.DropContainer(c.Param("container")), nil)
}

// apiPutObject handles PUT /api/v1/services/{service}/containers/{container}/objects/{object}.
func (s *Server) apiPutObject(c echo.Context) error {
	var in struct {
		Name string `json:"name"`
		Path string `json:"path"`
	}
	if err := exactJSON(c, &in); err != nil {
		return err
	}
	one := registry.Object{Key: c.Param("object"), Name: in.Name, Path: in.Path}
	wrong := registry.CheckContainers([]registry.Container{{Key: "in", Name: "It", Objects: []registry.Object{one}}})
	return s.syncObjects(c, registry.PutObject(c.Param("container"), one), wrong)
}

// apiDeleteObject handles DELETE /api/v1/services/{service}/containers/{container}/objects/{object}.
func (s *Server) apiDeleteObject(c echo.Context) error {
	return s.syncObjects(c, registry.DropObject(c.Param("container"), c.Param("object")), nil)
}

// syncObjects makes a change to the containers of the service that the address
// names, unless what was sent is wrong, and tells what that changed.
func (s *Server) syncObjects(c echo.Context, edit registry.ObjectEdit, wrong error) error {
	q := apiQuery(c, "remove_in_use")
	removeInUse := q.values.Get("remove_in_use")
	if removeInUse != "" && removeInUse != "true" && removeInUse != "false" {
		q.wrong("remove_in_use", "Send true or false.")
	}
	if err := q.err(); err != nil {
		return err
	}
	changes, err := s.Store.SyncObjects(c.Request().Context(), actor(c), c.Param("service"), func(old []registry.Container) ([]registry.Container, error) {
		if wrong != nil { // told only to who may
			return nil, ofOne(wrong)
		}
		return edit(old)
	}, removeInUse == "true")
	if err != nil {
		return err
	}
	answer := struct {
		Changes []objectChange `json:"changes"`
	}{make([]objectChange, len(changes))}
	for i, change := range changes {
		answer.Changes[i] = objectChange{change.Op, change.Kind, change.Key}
	}
	return c.JSON(http.StatusOK, answer)
}

// objectChange is a container or an object that came, changed or went.
type objectChange struct {
	Op   string `json:"op"`
	Kind string `json:"kind"`
	Key  string `json:"key"` // an object's is container/object
}

// ofOne names what is wrong with the one thing that was sent by its fields alone.
func ofOne(err error) error {
	invalid, ok := errors.AsType[registry.Invalid](err)
	if !ok {
		return err
	}
	fields := registry.Invalid{}
	for at, message := range invalid {
		fields[at[strings.LastIndexByte(at, '.')+1:]] = message
	}
	return fields
}
