package dev.lateen.acceptance.kubernetes;

import java.util.ArrayList;
import java.util.List;

/** Lines that only one of two texts has, by their longest common subsequence. */
record LineDifference(List<String> onlyFirst, List<String> onlySecond) {
    static LineDifference of(List<String> first, List<String> second) {
        int[][] common = new int[first.size() + 1][second.size() + 1];
        for (int i = first.size() - 1; i >= 0; i--) {
            for (int j = second.size() - 1; j >= 0; j--) {
                common[i][j] = first.get(i).equals(second.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> onlyFirst = new ArrayList<>();
        List<String> onlySecond = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < first.size() || j < second.size()) {
            if (i < first.size() && j < second.size() && first.get(i).equals(second.get(j))) {
                i++;
                j++;
            } else if (j == second.size() || (i < first.size() && common[i + 1][j] >= common[i][j + 1])) {
                onlyFirst.add(first.get(i++));
            } else {
                onlySecond.add(second.get(j++));
            }
        }
        return new LineDifference(onlyFirst, onlySecond);
    }
}
