package io.vdi.operator.runtime.leader;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.UUID;

/**
 * A process as the holder of a Lease.
 *
 * @param container what the names of all processes of this container begin with; empty outside of a
 *     pod
 * @param name {@code <pod>_<UID of the pod>.<random UUID>}; without the UID outside of a pod. No
 *     other process has it
 */
public record LeaseHolder(String container, String name) {
  /** The environment variable with the UID of the pod, which the chart sets. */
  static final String POD_UID = "POD_UID";

  /** This process. */
  public static LeaseHolder ofProcess(Map<String, String> environment) {
    String host;
    try {
      // In a pod, the name of the pod.
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "unknown";
    }
    String pod = environment.getOrDefault(POD_UID, "");
    String container = pod.isBlank() ? "" : host + "_" + pod + ".";
    return new LeaseHolder(
        container, (container.isEmpty() ? host + "_" : container) + UUID.randomUUID());
  }

  /**
   * Whether the holder is this process, or an earlier one in the same container. That one has
   * ended: the kubelet starts a container again only after its process has exited.
   */
  boolean replaces(String holder) {
    return holder.equals(name) || (!container.isEmpty() && holder.startsWith(container));
  }
}
