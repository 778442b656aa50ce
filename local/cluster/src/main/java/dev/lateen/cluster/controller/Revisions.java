package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import java.util.TreeMap;

/** The numbers of a Deployment's templates in the order of their use, which {@code kubectl rollout} reads. */
final class Revisions {
    private static final String ANNOTATION = "deployment.kubernetes.io/revision";

    private Revisions() {}

    /** The object's revision; 0 when it has none. */
    static long of(HasMetadata object) {
        Map<String, String> annotations = object.getMetadata().getAnnotations();
        String text = annotations == null ? null : annotations.get(ANNOTATION);
        return text != null && text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }

    static Map<String, String> mark(long revision) {
        return Map.of(ANNOTATION, Long.toString(revision));
    }

    /** How many pods the Deployment wants, and how many it allows while it rolls out. */
    static Map<String, String> sizes(int desired, int most) {
        return Map.of(
                "deployment.kubernetes.io/desired-replicas", Integer.toString(desired),
                "deployment.kubernetes.io/max-replicas", Integer.toString(most));
    }

    /** The annotations that a Deployment hands on to its ReplicaSets. */
    static Map<String, String> inherited(HasMetadata deployment) {
        Map<String, String> annotations = deployment.getMetadata().getAnnotations();
        Map<String, String> result = new TreeMap<>(annotations == null ? Map.of() : annotations);
        result.remove("kubectl.kubernetes.io/last-applied-configuration");
        result.keySet().removeIf(name -> name.startsWith("deployment.kubernetes.io/"));
        return result;
    }
}
