package io.vdi.operator.runtime;

/**
 * One verb on one resource of the API.
 *
 * @param resource the plural, with a subresource: {@code vdisessions/status}
 * @param resourceName the only object that it applies to; empty for all
 * @param namespace empty for all namespaces
 */
public record RequiredPermission(
    String verb, String group, String resource, String resourceName, String namespace) {

  /** {@code patch vdisessions.vdi.kasm.io/status}, {@code get secrets x in namespace y}. */
  @Override
  public String toString() {
    String[] parts = resource.split("/", 2);
    return verb
        + " "
        + parts[0]
        + (group.isEmpty() ? "" : "." + group)
        + (parts.length > 1 ? "/" + parts[1] : "")
        + (resourceName.isEmpty() ? "" : " " + resourceName)
        + (namespace.isEmpty() ? "" : " in namespace " + namespace);
  }
}
