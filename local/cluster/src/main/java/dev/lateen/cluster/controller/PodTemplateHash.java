package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The hash of a pod template that names a Deployment's ReplicaSets and labels their pods. */
final class PodTemplateHash {
    static final String LABEL = "pod-template-hash";
    private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";

    private PodTemplateHash() {}

    /** @param collisions how often a ReplicaSet of another template was found under the name */
    static String of(PodTemplateSpec template, @Nullable Integer collisions) {
        String text = Serialization.asJson(template) + (collisions == null ? "" : "\n" + collisions);
        int hash = 0x811c9dc5;
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xff)) * 0x01000193;
        }
        StringBuilder name = new StringBuilder();
        String digits = Integer.toUnsignedString(hash);
        for (int i = 0; i < digits.length(); i++) {
            name.append(LETTERS.charAt(digits.charAt(i) % LETTERS.length()));
        }
        return name.toString();
    }

    /** Whether both describe the same pods. */
    static boolean same(PodTemplateSpec one, PodTemplateSpec other) {
        return without(one).equals(without(other));
    }

    private static PodTemplateSpec without(PodTemplateSpec template) {
        return new PodTemplateSpecBuilder(template)
                .editOrNewMetadata()
                .removeFromLabels(LABEL)
                .endMetadata()
                .build();
    }
}
