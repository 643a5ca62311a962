package io.vdi.operator.common.model;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Optional;

/**
 * What the desktops of a template request when they request GPUs; docs/specification.md, section 1.
 * The number of GPUs is that of the session in both cases.
 */
public sealed interface GpuRequest {
  /**
   * An extended resource of the node, which a device plugin offers.
   *
   * @param name such as {@code nvidia.com/gpu}
   */
  record ExtendedResource(String name) implements GpuRequest {}

  /**
   * Devices of a DeviceClass, which a driver for dynamic resource allocation (DRA) offers.
   *
   * @param name of the DeviceClass
   * @param selectors CEL expressions; a device must fulfil all of them
   * @param config what the driver reads when it prepares the devices, such as how they are shared
   */
  record DeviceClass(String name, List<String> selectors, Optional<DriverConfig> config)
      implements GpuRequest {
    /** The name of the claim in the pod, and of the request in the claim. */
    public static final String CLAIM = "gpu";

    public DeviceClass {
      selectors = List.copyOf(selectors);
    }
  }

  /**
   * @param driver that reads the parameters; the others ignore them
   * @param parameters an object of the driver's own API
   */
  record DriverConfig(String driver, JsonObject parameters) {}
}
