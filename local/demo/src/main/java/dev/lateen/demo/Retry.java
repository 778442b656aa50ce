package dev.lateen.demo;

import java.io.IOException;
import java.time.Duration;

/** A rule repeats calls that fail; the app stays as it is. */
final class Retry implements Chapter {
    private static final int CRASH_CALLS = 20;
    /** A call that ends within the rule's perTryTimeout met no pod that hangs. */
    private static final Duration PER_TRY = Duration.ofSeconds(1);

    @Override
    public String name() {
        return "retry";
    }

    @Override
    public String title() {
        return "Retry";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        String client = "kubectl exec $clientPod -c client --";
        walk.attempt(client + " curl -vs -m 10 retry-service?failRate=50");
        walk.pause("sleep 3");
        walk.rolledOut("retry-backend");
        walk.claim(Claim.within("without the rule, calls of 100 that fail", 25, 75, Calls.failing(walk, client)));

        walk.run("kubectl apply -f retryVirtualService.yaml");
        walk.settle();
        walk.attempt(client + " curl -vs -m 10 retry-service?failRate=50");
        walk.claim(Claim.within("with the rule, calls of 100 that fail", 0, 0, Calls.failing(walk, client)));

        int answered = 0;
        boolean hangs = true;
        for (int i = 0; i < CRASH_CALLS; i++) {
            // A pod that hangs is still ready; it crashes within the hang's two seconds.
            walk.pauseSilently((hangs ? "sleep 2.2; " : "")
                    + "kubectl wait --for=condition=Ready --timeout=60s pod -l app=retry-backend");
            Result call = walk.attempt(Deviation.QUESTION, client + " curl -s -m 35 retry-service?failRate=50");
            hangs = call.took().compareTo(PER_TRY) > 0;
            answered += call.exit() == 0 && call.out().strip().equals("OK") ? 1 : 0;
        }
        walk.claim(Claim.within(
                "with the rule, calls of " + CRASH_CALLS + " that crash the app half of the time and are answered",
                CRASH_CALLS,
                CRASH_CALLS,
                answered));
        walk.run(Deviation.PROOF, "kubectl get pods -l app=retry-backend");
    }
}
