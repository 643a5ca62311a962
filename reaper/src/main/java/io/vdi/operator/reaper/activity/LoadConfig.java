package io.vdi.operator.reaper.activity;

import java.nio.file.Path;
import java.time.Duration;

/**
 * The settings that determine how the load of desktops is measured.
 *
 * @param enabled false: the load of desktops whose templates have {@code spec.busy} is unknown
 * @param interval how often a node is asked; more often if an idle timeout is short
 * @param timeout how long a kubelet or an exporter can take to answer
 * @param maxConcurrentRequests how many nodes are asked concurrently; read at the start only
 */
public record LoadConfig(
    boolean enabled,
    Duration interval,
    Duration timeout,
    int maxConcurrentRequests,
    KubeletConfig kubelet,
    GpuConfig gpu) {
  /**
   * @param namespace of the service account
   * @param serviceAccount whose tokens the kubelets get. It can read metrics and nothing else, so
   *     that a node does not get the permissions of the reaper
   * @param caFile the CA certificates of the kubelets, in PEM
   * @param insecureSkipTlsVerify whether certificates of the kubelets are not verified
   */
  public record KubeletConfig(
      String namespace, String serviceAccount, Path caFile, boolean insecureSkipTlsVerify) {}

  /**
   * Where DCGM exporters run.
   *
   * @param selector of the labels of their pods; empty: there are none
   */
  public record GpuConfig(String namespace, String selector, int port) {}

  /** A sample that is older says nothing about the present load. */
  static Duration maxAge(Duration interval, Duration timeout) {
    return interval.multipliedBy(2).plus(timeout);
  }
}
