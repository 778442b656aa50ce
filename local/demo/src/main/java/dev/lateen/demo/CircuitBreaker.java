package dev.lateen.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Limits protect a service from too many calls; what keeps failing is left alone for a while. */
final class CircuitBreaker implements Chapter {
    private static final double SLOWEST = 0.5;
    private static final Duration EJECTED_WITHIN = Duration.ofSeconds(15);
    private static final String LOOP =
            "bash -c 'for x in {1..100}; do curl -o /dev/null -w \"%{http_code} %{time_total}\\n\" -s myweb-service; sleep 0.02; done'";

    @Override
    public String name() {
        return "circuit-breaker";
    }

    @Override
    public String title() {
        return "Circuit breaker";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needSiege(walk);
        walk.attempt("kubectl exec $siegePod -c siege -- curl -vs -m 10 retry-service?failRate=50");
        overload(walk);
        outliers(walk);
    }

    private static void overload(Walk walk) throws IOException, InterruptedException, ChapterException {
        Calls.loop(
                walk,
                "kubectl exec -it $clientPod -c client -- curl -o /dev/null -w \"%{http_code}...\" -s myweb-service; sleep 0.1");
        walk.run(Deviation.POLICY, "kubectl apply -f policyConnections.yaml");
        walk.settle();
        String siege = "kubectl exec $siegePod -c siege -- ";
        String report;
        Result besides;
        Result client;
        try (Walk.Background load =
                walk.background(Deviation.PROOF, siege + "siege -c 20 -t 12S \"http://myweb-service/?delay=20\"")) {
            walk.pause("sleep 1");
            besides = walk.run(Deviation.LOOP, siege + LOOP);
            client = walk.run(Deviation.LOOP, "kubectl exec $clientPod -c client -- " + LOOP);
            long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            while (!load.output().contains("milliseconds") && System.nanoTime() < end) {
                walk.silently("sleep 0.2");
            }
            report = load.output();
        }
        report.lines().forEach(walk::say);
        long requests = figure(report, "requests (\\d+)");
        long refused = figure(report, "status 503 (\\d+)");
        walk.claim(Claim.atLeast(
                "of siege's " + requests + " calls on 20 connections, 503", Math.max(1, (requests + 1) / 2), refused));
        walk.claim(Claim.atLeast(
                "of these, with x-envoy-overloaded", Math.max(1, refused), figure(report, "overloaded (\\d+)")));
        long flagged = walk
                .run(Deviation.PROOF, "kubectl logs $siegePod -c istio-proxy | grep -c \"503 UO\" || true")
                .lines()
                .stream()
                .mapToLong(Long::parseLong)
                .sum();
        walk.claim(Claim.atLeast("lines of the caller's access log with flag UO", 1, flagged));
        walk.claim(Claim.atLeast("of 100 calls beside siege in its pod, 503", 5, besides.count("^503 ")));
        double slowest = besides.lines().stream()
                .mapToDouble(line -> Double.parseDouble(line.split(" ", 2)[1]))
                .max()
                .orElse(Double.NaN);
        walk.claim(new Claim("the slowest of these", "at most 0.5 s", slowest + " s", slowest <= SLOWEST));
        walk.say("The same loop in client: " + client.count("^200 ")
                + " of 100 calls were answered 200. Limits count in each"
                + " proxy: client's own is not at its limit, and the servers' see one connection of each caller.");
        Result after = walk.run(
                Deviation.LOOP,
                siege
                        + "bash -c 'for x in {1..50}; do curl -o /dev/null -w \"%{http_code}\\n\" -s myweb-service; done'");
        walk.claim(Claim.within("of 50 calls after the load, 200", 50, 50, after.count("^200$")));
    }

    private static void outliers(Walk walk) throws IOException, InterruptedException, ChapterException {
        String busy = "kubectl exec $siegePod -c siege -- curl -s -i -m 35 \"retry-service?failRate=100&mode=busy\"";
        long end = System.nanoTime() + EJECTED_WITHIN.toNanos();
        boolean ejected = false;
        while (!ejected && System.nanoTime() < end) {
            ejected = walk.attempt(Deviation.QUESTION, busy).says("no healthy upstream");
        }
        walk.claim("all three pods of retry-service are ejected within 15 s", ejected, "still answered by a pod");
        Result refused = walk.run(
                Deviation.QUESTION,
                "kubectl exec $siegePod -c siege -- curl -s -o /dev/null -w \"%{http_code} %{time_total}\\n\""
                        + " \"retry-service?failRate=0\"");
        walk.claim(
                "then a call is answered 503 at once", refused.out().matches("503 0\\.[0-4]\\d*\\s*"), refused.out());
        if (walk.scenery().envoy()) {
            walk.settle(); // Envoy writes its access log once a second
        }
        Result flag = walk.run(Deviation.PROOF, "kubectl logs $siegePod -c istio-proxy --tail=1");
        walk.claim("with flag UH", flag.says("503 UH"), flag.out());
        walk.pause("sleep 72   # the base ejection time and one interval");
        Result after = walk.run(
                Deviation.LOOP,
                "kubectl exec $siegePod -c siege -- bash -c 'for x in {1..20}; do curl -o /dev/null -w \"%{http_code}\\n\""
                        + " -s retry-service?failRate=0; done'");
        walk.claim(Claim.within("of 20 calls after the ejection, 200", 20, 20, after.count("^200$")));
    }

    private static long figure(String report, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(report);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }
}
