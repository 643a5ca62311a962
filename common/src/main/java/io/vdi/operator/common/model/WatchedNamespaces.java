package io.vdi.operator.common.model;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The namespaces whose sessions the operator manages; docs/configuration.md, {@code
 * watchNamespaces}. The services list, watch and write namespaced objects in these namespaces only,
 * and need no permission in others.
 */
public final class WatchedNamespaces {
  public static final WatchedNamespaces ALL = new WatchedNamespaces(new TreeSet<>());

  private final SortedSet<String> names;

  private WatchedNamespaces(SortedSet<String> names) {
    this.names = names;
  }

  /**
   * @param names empty for all namespaces
   */
  public static WatchedNamespaces of(List<String> names) {
    return new WatchedNamespaces(new TreeSet<>(names));
  }

  public boolean isAll() {
    return names.isEmpty();
  }

  public boolean includes(String namespace) {
    return isAll() || names.contains(namespace);
  }

  /** In alphabetical order; empty for all namespaces. */
  public List<String> names() {
    return List.copyOf(names);
  }

  /**
   * The namespaces of the lists and watches that together have all objects of this kind. An empty
   * one stands for all namespaces, and for a kind without namespaces.
   */
  public List<String> scopesOf(ResourceType<?> kind) {
    return kind.namespaced() ? scopes() : List.of("");
  }

  /** The same for kinds with namespaces. */
  public List<String> scopes() {
    return isAll() ? List.of("") : names();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WatchedNamespaces that && names.equals(that.names);
  }

  @Override
  public int hashCode() {
    return names.hashCode();
  }

  @Override
  public String toString() {
    return isAll() ? "all namespaces" : String.join(", ", names);
  }
}
