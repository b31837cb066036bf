//! One conformance suite for every engine, and what only the embedded engine has to answer for.

#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

mod bench;
mod changing;
mod claiming;
mod commanding;
mod counting;
mod disk;
mod erasing;
mod event_types;
mod explaining;
mod handing;
mod matching;
mod model;
mod opening;
mod probing;
mod pruning;
mod publishing;
mod reading;
mod replaying;
mod sealing;
mod set_back;
mod settling;
mod standing;
mod waking;

use bench::Sqlite;

/// Runs the suite on an engine. A test that is missing here is dead code, and so refused by the lints.
macro_rules! conformance {
    ($engine:ident on $place:ty) => {
        conformance! { $engine on $place:
            publishing {
                ids_grow_in_commit_order sequences_have_no_gaps a_repeat_answers_the_first_id
                another_body_stores_nothing repeats_within_a_batch owed_before_the_next_event answers_are_remembered
                secret_answers_are_sealed answers_are_forgotten_after_a_day times_given_are_kept
            }
            matching {
                own_and_ancestors_hear descendants_can_be_left_out switched_off_hears_nothing
                patterns_and_dialects_decide
            }
            claiming {
                oldest_first_up_to_the_limit large_events_come_a_few_at_a_time
                backlog_and_live_are_apart discarded_ones_are_left_out
                ordered_lanes_skip_keys_that_wait ordered_live_stays_behind_its_backlog
                what_is_due_by_hand_does_not_wait_for_a_newer_head
                discarded_heads_park_nothing the_next_due_is_told order_asked_for_later
                a_cancelled_read_gives_its_connection_back
            }
            commanding {
                a_record_and_its_events_are_one_commit a_rejected_command_leaves_no_trace
                commands_stay_in_their_place commands_see_those_before_them
                a_command_is_answered_once records_outlive_reopening records_newest_first
                a_list_over_very_many_organizations an_organization_with_records_stays
                traces_keep_no_organization commands_wait_within_bounds
            }
            event_types {
                the_nearest_above_is_meant names_are_taken_from_above_only versions_follow_one_by_one
                types_are_counted types_outlive_a_restart_until_deleted custom_events_are_heard
            }
            settling {
                success_retry_and_giving_up gone_disables_and_holds a_streak_disables_and_comes_back
                a_streak_leaves_alone_what_went_its_own_way settled_twice_counts_once
                settled_after_a_discard of_a_webhook_that_is_gone the_switch_of_the_organization_holds
            }
            probing {
                never_tried_before_all_others a_wish_is_respected heads_in_turn
                recovering_makes_all_due_in_steps enabling_again_makes_all_due
                resuming_renews_in_steps
            }
            set_back {
                order_stays_as_it_is a_resume_divides_behind_all_it_is_owed
                what_was_owed_before_order_is_due what_was_asked_for_again_before_order_is_due
                what_was_never_tried_is_probed
                a_resume_begins_all_anew a_recovery_makes_all_due what_fails_later_keeps_its_time
            }
            standing {
                the_others_are_told a_failing_spell_is_told_once_and_then_disables
                given_up_a_day_after_it_fell_due time_held_does_not_count
            }
            changing {
                a_lost_race_is_a_conflict limits_count_along_the_ancestors
                organizations_go_when_they_are_empty keys_are_revoked a_deleted_webhook_takes_all
                resuming_delivers_anew resuming_can_discard a_watermark_outlives_a_clock_set_back
                one_delivery_by_hand an_answer_is_remembered_with_its_change
            }
            reading {
                events_in_both_directions what_was_seen_is_told events_of_a_subtree a_subtree_is_read_at_one_moment
                deliveries_newest_first
                statuses_and_filters deliveries_of_many_webhooks a_thin_filter_reads_in_bounded_steps
                attempts_are_told the_directory_is_equal_after_reopening
            }
            pruning {
                history_goes_what_is_owed_stays many_attempts_go_in_steps held_ones_expire discards_are_written_out_in_steps
                expiry_takes_small_steps many_webhooks_expire_in_rounds deliveries_of_deleted_webhooks_go
            }
            replaying {
                each_kind_finds_its_events steps_leave_room_for_live_traffic
                a_replay_goes_on_after_a_restart one_at_a_time_and_called_off
                a_replay_waits_while_its_webhook_is_held retention_leaves_a_replay_its_events
                a_replay_goes_with_its_webhook a_poisoned_event_holds_up_nothing
            }
            counting {
                minutes_outlive_restarts_until_the_retention a_deleted_webhook_leaves_no_counters
            }
            erasing {
                the_payload_goes_the_record_stays what_a_replay_owes_goes_too everything_about_a_contact
                many_contacts_share_a_walk_and_organizations_take_turns nothing_waits_for_an_erasure
            }
            explaining {
                as_it_was_when_it_happened history_that_is_needed_stays
                what_it_caused_is_known_after_the_erasure
            }
            handing {
                commits_are_handed_over_in_order webhooks_share_an_event a_full_channel_says_so
                a_commit_owes_no_more_than_so_much concurrent_publishes_are_all_answered later_calls_fail_after_close
            }
            waking {
                what_is_due_is_done_once a_restart_forgets_no_instant
                much_that_is_due_is_done_in_steps an_instant_given_up_is_not_waited_for
            }
            model { counters_match_a_naive_model }
        }
    };
    ($engine:ident on $place:ty: $($module:ident { $($test:ident)* })*) => {
        mod $engine {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$module::$test::<$place>().await;
                }
            )*)*
        }
    };
}

conformance!(sqlite on super::Sqlite);
