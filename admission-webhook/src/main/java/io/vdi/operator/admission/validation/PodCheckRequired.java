package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;

/**
 * The rules allow the template. Whether its merged pod is a valid one, only the API server knows.
 */
public record PodCheckRequired(VdiTemplate template, List<String> warnings) implements Verdict {}
