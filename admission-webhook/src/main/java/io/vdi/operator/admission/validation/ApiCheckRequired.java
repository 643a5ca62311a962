package io.vdi.operator.admission.validation;

import io.vdi.operator.common.model.VdiTemplate;
import java.util.List;

/**
 * The rules allow the template. Whether its merged pod and the selectors of its devices are valid,
 * only the API server knows.
 */
public record ApiCheckRequired(VdiTemplate template, List<String> warnings) implements Verdict {}
