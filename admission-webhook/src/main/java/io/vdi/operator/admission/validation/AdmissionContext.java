package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What is known of the cluster.
 *
 * @param template by name
 * @param sessionsUsing {@code namespace/name} of the sessions that name this template
 * @param timeSliced whether nodes share their GPUs by time slicing
 */
public record AdmissionContext(
    Function<String, Optional<VdiTemplate>> template,
    Function<String, List<String>> sessionsUsing,
    boolean timeSliced) {}
