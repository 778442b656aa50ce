package dev.lateen.control.webhook;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lateen.control.inject.InjectionException;
import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.control.inject.PodInjection;
import dev.lateen.control.inject.Workload;
import io.fabric8.zjsonpatch.DiffFlags;
import io.fabric8.zjsonpatch.JsonDiff;
import java.util.EnumSet;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Gives pods their sidecar as they are made: what {@link PodInjection} makes of a pod, as a patch. Whether a pod is asked
 * about at all say the selectors of the webhook's configuration. Pure.
 */
final class PodAdmission {
    private static final EnumSet<DiffFlags> FLAGS =
            EnumSet.of(DiffFlags.OMIT_VALUE_ON_REMOVE, DiffFlags.OMIT_MOVE_OPERATION, DiffFlags.OMIT_COPY_OPERATION);

    /** The library for patches is of the older Jackson. */
    private static final ObjectMapper OLDER = new ObjectMapper();

    private final PodInjection injection;

    PodAdmission(InjectionSettings settings) {
        injection = new PodInjection(settings);
    }

    Verdict decide(AdmissionReview review) {
        boolean isNew = review.operation().equals("CREATE");
        if (!isNew
                || !(review.object() instanceof ObjectNode pod)
                || !pod.path("kind").asString("").equals("Pod")) {
            return Verdict.allowed(List.of());
        }
        Workload workload = Workload.ofPod(pod, review.namespace());
        try {
            PodInjection.Result result = injection.inject(pod, workload);
            return result.injected()
                    ? Verdict.patched(patch(pod, result.pod()), result.warnings())
                    : Verdict.allowed(List.of());
        } catch (InjectionException e) {
            return Verdict.refused(
                    "pod of " + workload.kind() + " " + review.namespace() + "/" + workload.name()
                            + " cannot get its sidecar: " + e.getMessage()
                            + "; mend the pod's template, or leave the sidecar out by label sidecar.istio.io/inject: \"false\"");
        }
    }

    private static String patch(JsonNode before, JsonNode after) {
        try {
            return JsonDiff.asJson(OLDER.readTree(before.toString()), OLDER.readTree(after.toString()), FLAGS)
                    .toString();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("JSON that was just written cannot be read", e);
        }
    }
}
