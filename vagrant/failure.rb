# frozen_string_literal: true

module TheAPP
  # An error with what is wrong and what to do. `code` is the exit code.
  class Failure < Vagrant::Errors::VagrantError
    attr_reader :status_code, :error_message

    def initialize(what, todo = nil, code: 1)
      @status_code = code
      @error_message = todo ? "#{what}\n  → #{todo}" : what
      super()
    end
  end
end
