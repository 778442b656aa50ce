package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Owner references: whose an object is. */
final class Owners {
    private Owners() {}

    /** The reference that makes {@code owner} the controller of a new object. */
    static OwnerReference controlledBy(HasMetadata owner) {
        return new OwnerReferenceBuilder()
                .withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }

    static List<OwnerReference> of(HasMetadata object) {
        List<OwnerReference> references = object.getMetadata().getOwnerReferences();
        return references == null ? List.of() : references;
    }

    /** The owner that controls the object, or null. */
    static @Nullable OwnerReference controller(HasMetadata object) {
        for (OwnerReference each : of(object)) {
            if (Boolean.TRUE.equals(each.getController())) {
                return each;
            }
        }
        return null;
    }

    static boolean controls(HasMetadata owner, HasMetadata object) {
        OwnerReference reference = controller(object);
        return reference != null
                && reference.getUid().equals(owner.getMetadata().getUid());
    }
}
