package registry

import (
	"fmt"
	"slices"
)

// ObjectEdit changes a service's containers: it returns what is to be there
// instead of those that are, which it leaves as they are.
type ObjectEdit func([]Container) ([]Container, error)

// ObjectsAtMost is how many containers and objects a service has at most when
// they are synced.
const ObjectsAtMost = 20_000

// AllContainers makes those be all there are.
func AllContainers(all []Container) ObjectEdit {
	return func([]Container) ([]Container, error) { return all, nil }
}

// PutContainer makes a container be there under that name. Its objects stay.
func PutContainer(key, name string) ObjectEdit {
	return func(old []Container) ([]Container, error) {
		all, at := slices.Clone(old), containerAt(old, key)
		if at < 0 {
			return append(all, Container{Key: key, Name: name}), nil
		}
		all[at].Name = name
		return all, nil
	}
}

// DropContainer makes a container be gone, with its objects.
func DropContainer(key string) ObjectEdit {
	return func(old []Container) ([]Container, error) {
		return slices.DeleteFunc(slices.Clone(old), func(c Container) bool { return c.Key == key }), nil
	}
}

// PutObject makes an object be in a container. It fails with ErrNotFound when
// there is no such container.
func PutObject(container string, o Object) ObjectEdit {
	return func(old []Container) ([]Container, error) {
		all, at := slices.Clone(old), containerAt(old, container)
		if at < 0 {
			return nil, ErrNotFound
		}
		objects := slices.Clone(all[at].Objects)
		if i := slices.IndexFunc(objects, func(one Object) bool { return one.Key == o.Key }); i >= 0 {
			objects[i] = o
		} else {
			objects = append(objects, o)
		}
		all[at].Objects = objects
		return all, nil
	}
}

// DropObject makes an object be gone.
func DropObject(container, key string) ObjectEdit {
	return func(old []Container) ([]Container, error) {
		all, at := slices.Clone(old), containerAt(old, container)
		if at >= 0 {
			all[at].Objects = slices.DeleteFunc(slices.Clone(all[at].Objects), func(o Object) bool { return o.Key == key })
		}
		return all, nil
	}
}

func containerAt(all []Container, key string) int {
	return slices.IndexFunc(all, func(c Container) bool { return c.Key == key })
}

// CheckContainers reports everything wrong with a service's containers, as an
// Invalid error keyed by where it is (`containers[2].objects[0].name`), or nil.
func CheckContainers(all []Container) error {
	invalid := Invalid{}
	n := len(all)
	for _, c := range all {
		n += len(c.Objects)
	}
	if n > ObjectsAtMost {
		return Invalid{"containers": fmt.Sprintf("Sync at most %d containers and objects of a service.", ObjectsAtMost)}
	}
	checkContainers(checker{invalid: invalid}, all)
	if len(invalid) > 0 {
		return invalid
	}
	return nil
}

func checkContainers(at checker, all []Container) {
	containers := map[string]bool{}
	for j, container := range all {
		at := at.in("containers", j)
		at.objectKey(container.Key, containers)
		at.name(container.Name)
		objects := map[string]bool{}
		for k, o := range container.Objects {
			at := at.in("objects", k)
			at.objectKey(o.Key, objects)
			at.name(o.Name)
			if len(o.Path) > 300 || !isPlainText(o.Path) {
				at.wrong("path", "Give a path of at most 300 visible characters, or none.")
			}
		}
	}
}
