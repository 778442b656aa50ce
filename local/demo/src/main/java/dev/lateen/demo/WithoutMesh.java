package dev.lateen.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Pattern;

/** What hurts without a mesh: callers see each failure, and the share of a new version is that of its replicas. */
final class WithoutMesh implements Chapter {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern RESTARTED = Pattern.compile("retry-backend\\S+\\s+\\S+\\s+\\S+\\s+[1-9]");
    private static final int CRASHES = 3;

    @Override
    public String name() {
        return "without-mesh";
    }

    @Override
    public String title() {
        return "Without a mesh";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl create -f retryBackend.yaml");
        walk.run("kubectl create -f client.yaml");
        walk.rolledOut("retry-backend", "client");
        walk.run(Scenery.CLIENT_POD);
        noRetry(walk);
        noCircuitBreaker(walk);
        canaryByReplicas(walk);
        walk.run("kubectl delete -f retryBackend.yaml");
        walk.run("kubectl delete -f client.yaml");
        walk.run("kubectl delete -f canary.yaml");
        walk.run(Deviation.WAIT, "kubectl wait --for=delete pod --all --timeout=60s");
    }

    private static void noRetry(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.attempt("kubectl exec $clientPod -- curl -vs -m 2 retry-service?failRate=50");
        walk.rolledOut("retry-backend");
        walk.claim(Claim.within(
                "calls of 100 that fail at failRate=50", 25, 75, Calls.failing(walk, "kubectl exec $clientPod --")));
    }

    private static void noCircuitBreaker(Walk walk) throws IOException, InterruptedException, ChapterException {
        try (Walk.Background watch = walk.background(Deviation.WAIT, "kubectl get pods -w")) {
            Result crash = null;
            for (int i = 0; i < CRASHES && (crash == null || crash.exit() == 0); i++) {
                crash = walk.attempt("kubectl exec $clientPod -- curl -vs -m 2 retry-service?failRate=99");
            }
            boolean lost = crash != null && (crash.exit() == 28 || crash.exit() == 52 || crash.exit() == 56);
            walk.claim(
                    "a call that crashes the app ends as a time-out or an empty reply",
                    lost,
                    crash == null ? "" : "curl's exit code " + crash.exit());
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!RESTARTED.matcher(watch.output()).find() && System.nanoTime() < end) {
                walk.silently("sleep 0.2");
            }
            String restarted = watch.output()
                    .lines()
                    .filter(RESTARTED.asPredicate())
                    .findFirst()
                    .orElse("no restart seen");
            walk.say(restarted);
            walk.claim(
                    "kubectl get pods -w shows RESTARTS grow",
                    RESTARTED.matcher(restarted).find(),
                    restarted);
        }
    }

    private static void canaryByReplicas(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl create -f canary.yaml");
        walk.rolledOut("myweb-deploy-v1", "myweb-deploy-v2");
        walk.run("kubectl exec $clientPod -c client -- curl -s myweb-service");
        Result calls = walk.run(
                Deviation.LOOP,
                "kubectl exec $clientPod -c client -- bash -c 'for x in {1..300}; do curl -s myweb-service; done'");
        walk.claim(Claim.within("answers", 300, 300, calls.count("^Version ")));
        walk.claim(Claim.within("of 300 calls with 3+3 replicas, v2 gets", 105, 195, calls.count("^Version 2 ")));
    }
}
