// Package ext stands in for a module of Traefik's that is not published: the extensions are empty there too.
package ext

type HTTP struct{}

type Router struct{}
