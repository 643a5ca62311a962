package io.vdi.operator.admission.validation;

import io.vdi.operator.common.identity.Identity;
import java.util.List;

/**
 * The part of the configuration that the rules depend on.
 *
 * @param allowedRegistries prefixes of images that templates can use; empty: all images
 */
public record AdmissionPolicy(Identity identity, List<String> allowedRegistries) {}
